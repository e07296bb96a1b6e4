"""The linear head: reading and weighting commute."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from napari_unlearn.models.head import PixelHead, Standardiser, pooled_pixels, read_pixels


def make_head(channels: tuple[int, ...], seed: int = 0) -> PixelHead:
    rng = np.random.default_rng(seed)
    width = sum(channels)
    standardiser = Standardiser(rng.normal(size=width), rng.uniform(0.2, 3, width))
    return PixelHead(rng.normal(size=(3, width + 1)), standardiser, channels)


def test_the_score_of_a_pixel_is_its_features_times_the_weights(levels: list[Tensor]) -> None:
    head = make_head(tuple(len(level) for level in levels))
    height, width = levels[0].shape[1:]
    rows, columns = np.divmod(np.arange(height * width), width)
    by_pixel = head.standardiser.apply(read_pixels(levels, rows, columns)) @ head.weights.T
    by_level = head.logits([level[None] for level in levels])[0].flatten(1).T.numpy()
    np.testing.assert_allclose(by_level, by_pixel, atol=2e-4)


@given(seed=st.integers(0, 1000), scale=st.sampled_from([1, 2, 4, 8]))
def test_they_commute_at_any_resolution(seed: int, scale: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    levels = [
        torch.randn(2, 16, 24, generator=generator),
        torch.randn(3, 16 // scale, 24 // scale, generator=generator),
    ]
    head = make_head((2, 3), seed)
    rows, columns = np.array([0, 3, 15, 15, 8]), np.array([0, 23, 0, 23, 11])
    by_pixel = head.standardiser.apply(read_pixels(levels, rows, columns)) @ head.weights.T
    by_level = head.logits([level[None] for level in levels])[0][:, rows, columns].T.numpy()
    np.testing.assert_allclose(by_level, by_pixel, atol=2e-4)


def test_pixels_of_the_finest_level_are_read_as_they_are(levels: list[Tensor]) -> None:
    rows, columns = np.array([0, 31, 7]), np.array([63, 0, 20])
    read = read_pixels(levels, rows, columns)
    assert read.shape == (3, sum(len(level) for level in levels))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read[:, :3], levels[0][:, rows, columns].T.float(), atol=1e-3)


def test_folding_the_standardiser_in_changes_no_score() -> None:
    head = make_head((2, 5))
    raw = np.random.default_rng(1).normal(size=(40, 7)).astype(np.float32)
    weights, bias = head.folded()
    assert [tuple(w.shape) for w in weights] == [(3, 2), (3, 5)]
    folded = torch.from_numpy(raw) @ torch.cat(weights, 1).T + bias
    np.testing.assert_allclose(folded.numpy(), head.standardiser.apply(raw) @ head.weights.T, atol=1e-4)


def test_standardised_features_have_mean_0_spread_1_and_a_constant() -> None:
    raw = np.random.default_rng(0).normal(5, 3, size=(500, 2)).astype(np.float32)
    untouched = raw.copy()
    out = Standardiser(raw.mean(axis=0, dtype=float), raw.std(axis=0, dtype=float)).apply(raw)
    np.testing.assert_allclose(out.mean(axis=0), [0, 0, 1], atol=1e-5)
    np.testing.assert_allclose(out.std(axis=0), [1, 1, 0], atol=1e-5)
    np.testing.assert_array_equal(raw, untouched)


def test_a_head_for_other_levels_is_refused(levels: list[Tensor]) -> None:
    with pytest.raises(ValueError, match="argument"):
        make_head((3, 4)).logits([level[None] for level in levels])


def test_scores_of_all_levels_are_interpolated_as_torch_does() -> None:
    from torch.nn import functional

    rng = torch.Generator().manual_seed(0)
    shapes = ((3, 32, 64), (4, 16, 32), (5, 3, 4))
    levels = [torch.randn(1, *shape, generator=rng) for shape in shapes]
    head = make_head((3, 4, 5))
    weights, bias = head.folded()
    expected = bias.view(1, -1, 1, 1)
    for level, weight in zip(levels, weights, strict=True):
        scores = torch.einsum("kc,nchw->nkhw", weight, level)
        expected = expected + functional.interpolate(scores, size=(32, 64), mode="bilinear", align_corners=False)
    torch.testing.assert_close(head.logits(levels), expected)


def test_a_weighted_mean_of_all_pixels_is_that_of_their_features(levels: list[Tensor]) -> None:
    height, width = levels[0].shape[1:]
    weights = torch.rand(height, width, generator=torch.Generator().manual_seed(0)) ** 4
    pixels = read_pixels(levels, *np.divmod(np.arange(height * width), width)).astype(np.float64)
    expected = np.average(pixels, axis=0, weights=weights.numpy().ravel())
    assert pooled_pixels(levels, weights) == pytest.approx(expected, abs=1e-5)
    assert np.isnan(pooled_pixels(levels, torch.zeros(height, width))).all()
