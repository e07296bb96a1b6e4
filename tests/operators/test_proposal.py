"""Proposed fine masks against an exhaustive search, and on drawn cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import Segmenter, predict_mask
from napari_unlearn.operators.proposal import background_distance, distance_map, fitted_reach, propose, proposed
from napari_unlearn.operators.sign_search import SignSearch, cross


def make_head(classes: int, features: int = 7, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(classes, features + 1))


def make_features(n: int, features: int = 7, seed: int = 1) -> torch.Tensor:
    x = torch.randn(n, features + 1, generator=torch.Generator().manual_seed(seed))
    x[:, -1] = 1
    return x


def distances(x: torch.Tensor, weights: np.ndarray) -> torch.Tensor:
    """Distances of pixels with these features, laid out as an image of one row."""
    return background_distance((x @ torch.from_numpy(weights).float().T).T[:, None], weights)[0]


def test_with_one_lesion_class_it_is_the_distance_to_the_plane() -> None:
    weights, x = make_head(2), make_features(200)
    difference = weights[1] - weights[0]
    margin = x.double().numpy() @ difference
    expected = np.maximum(margin, 0) / np.abs(difference[:-1]).sum()
    np.testing.assert_allclose(distances(x, weights).numpy(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_a_step_just_beyond_the_distance_crosses_and_one_just_below_does_not(classes: int) -> None:
    weights, x = make_head(classes), make_features(300)
    matrix = torch.from_numpy(weights).float()
    found = distances(x, weights)
    # Towards background means down the loss of the label background.
    leaf = x.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(leaf @ matrix.T, torch.zeros(len(x), dtype=torch.int64), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, leaf)
    step = -gradient.sign()
    step[:, -1] = 0

    def background(reach: torch.Tensor) -> torch.Tensor:
        return ((x + reach[:, None] * step) @ matrix.T).argmax(dim=1) == 0

    away = (found > 0) & (found < 1e6)
    assert away.sum() > 50
    assert background(found * 1.001)[away].all()
    assert not background(found * 0.999)[away].any()
    assert background(torch.zeros(len(x)))[found == 0].all()
    for reach in np.linspace(0, 30, 200):
        assert not background(torch.full((len(x),), float(reach)))[found == 1e6].any()


def test_it_agrees_with_the_search_of_boundary_seg_where_there_is_one_lesion_class() -> None:
    weights, x = make_head(2), make_features(200)
    found, scores = distances(x, weights), x @ torch.from_numpy(weights).float().T
    lesion = scores.argmax(1) == 1
    search = SignSearch(reach=float(found[lesion].median()), perturbation=0.0)
    crossing = cross(
        lambda z: z @ torch.from_numpy(weights).float().T,
        x[lesion],
        torch.ones(int(lesion.sum()), dtype=torch.int64),
        search,
        torch.Generator(),
    )
    clear = (found[lesion] - search.reach).abs() > 1e-4
    assert torch.equal(crossing.crossed[clear], (found[lesion] < search.reach)[clear])


def test_a_reach_of_zero_leaves_out_what_is_background_anyway() -> None:
    coarse = np.array([[0, 2, 2, 1]], np.uint8)
    distance = np.array([[5.0, 0.0, 0.2, 0.3]], np.float32)
    np.testing.assert_array_equal(proposed(coarse, distance, 0.0), [[0, 0, 2, 1]])
    np.testing.assert_array_equal(proposed(coarse, distance, 0.25), [[0, 0, 0, 1]])
    assert proposed(coarse, distance, 0.0).dtype == np.uint8


@pytest.fixture(scope="module")
def segmenter(model: Path) -> Segmenter:
    return load_segmenter(model)


@pytest.fixture(scope="module")
def refined(sample: Dataset) -> list[Case]:
    return [case for case in sample.cases if case.is_refined]


def dice(mask: np.ndarray, fine: np.ndarray) -> float:
    return 2 * np.count_nonzero((mask > 0) & (fine > 0)) / (np.count_nonzero(mask) + np.count_nonzero(fine))


def test_a_proposal_lies_in_the_coarse_mask_and_keeps_its_classes(segmenter: Segmenter, refined: list[Case]) -> None:
    case = refined[0]
    coarse, mask = case.coarse(), propose(segmenter, case, 0.01)
    assert mask.shape == coarse.shape
    assert mask.dtype == np.uint8
    assert ((mask == coarse) | (mask == 0)).all()
    everything = propose(segmenter, case, 2e6)
    assert not everything.any()


def test_at_the_size_of_the_grid_a_reach_of_zero_is_the_prediction(segmenter: Segmenter, refined: list[Case]) -> None:
    case = refined[0]
    predicted = predict_mask(segmenter, case.image()) > 0
    np.testing.assert_array_equal(distance_map(segmenter, case) > 0, predicted)


def test_the_fitted_reach_is_the_best_of_many(segmenter: Segmenter, refined: list[Case]) -> None:
    cases = refined[:3]
    found = fitted_reach(segmenter, cases)
    masks = [(case.coarse(), distance_map(segmenter, case), case.fine()) for case in cases]

    def mean_dice(reach: float) -> float:
        return float(np.mean([dice(proposed(coarse, distance, reach), fine) for coarse, distance, fine in masks]))

    best = mean_dice(found)
    assert best >= max(mean_dice(float(reach)) for reach in np.linspace(0, 3 * found + 0.1, 200)) - 0.01
    assert best > np.mean([dice(coarse, fine) for coarse, _, fine in masks])


def test_without_a_refined_case_there_is_nothing_to_fit(segmenter: Segmenter, sample: Dataset) -> None:
    unrefined = [case for case in sample.cases if not case.is_refined]
    with pytest.raises(UserError, match="Refine at least one case"):
        fitted_reach(segmenter, unrefined)


def test_a_unet_is_refused(unet: Path, refined: list[Case]) -> None:
    with pytest.raises(UserError, match="this model is a U-Net; train a model with --trainable head"):
        propose(load_segmenter(unet), refined[0], 0.1)
