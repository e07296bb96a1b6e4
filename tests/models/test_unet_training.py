"""Fitting a U-Net on the masks of a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models import unet_training as module
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.training import FitStep
from napari_unlearn.models.unet import Unet
from napari_unlearn.models.unet_training import UnetRecipe, batches, fit_unet, oriented, segmentation_loss

SHORT = UnetRecipe(passes=2)


def fit(
    cases: Sequence[Case],
    encoder: Encoder,
    masks: str = "coarse",
    size: int = 64,
    *,
    frozen: bool = True,
    recipe: UnetRecipe = SHORT,
    seed: int = 0,
    device: str = "cpu",
) -> tuple[list[FitStep], Unet]:
    *steps, network = fit_unet(
        cases, masks, encoder, size, 3, frozen=frozen, recipe=recipe, seed=seed, device=torch.device(device)
    )
    assert isinstance(network, Unet)
    assert all(isinstance(step, FitStep) for step in steps)
    return steps, network  # type: ignore[return-value]


def distance(one: Unet, other: Unet) -> float:
    first, second = one.stored_state(), other.stored_state()
    return max(float((first[k].double() - second[k].double()).abs().max()) for k in first)


@pytest.mark.parametrize("frozen", [True, False])
def test_it_learns_to_outline_lesions(sample: Dataset, encoder: Encoder, frozen: bool) -> None:
    cases = sample.refined("train")
    steps, network = fit(cases, encoder, "fine", frozen=frozen, recipe=UnetRecipe(passes=30, batch=3, rate=5e-3))
    losses = [step.loss for step in steps if step.loss is not None]
    assert len(losses) == 30
    assert losses[-1] < 0.7 * losses[0]
    overlaps = []
    for case in cases:
        image = torch.from_numpy(case.image().transpose(2, 0, 1).copy())
        predicted, fine = network(image[None])[0].argmax(0).numpy() > 0, case.fine() > 0
        overlaps.append(2 * (predicted & fine).sum() / (predicted.sum() + fine.sum()))
    assert np.mean(overlaps) > 0.6


@pytest.mark.parametrize("frozen", [True, False])
def test_only_what_may_move_moves(sample: Dataset, encoder: Encoder, frozen: bool) -> None:
    public = {k: v.clone() for k, v in encoder.backbone.state_dict().items()}
    network = fit(sample.split("train"), encoder, frozen=frozen, recipe=UnetRecipe(passes=1))[1]
    assert all(torch.equal(v, public[k]) for k, v in encoder.backbone.state_dict().items())
    kept = [torch.equal(v, public[k]) for k, v in network.layers.encoder.state_dict().items()]
    assert all(kept) if frozen else not any(kept)
    assert not network.training


def test_it_tells_how_far_it_is(sample: Dataset, encoder: Encoder) -> None:
    steps, _ = fit(sample.split("train"), encoder)
    assert [step.message for step in steps[:12]] == [f"Reading image {i} of 12" for i in range(1, 13)]
    assert [(step.done, step.total, step.message) for step in steps[12:]] == [
        (done, 4, "Fitting the decoder") for done in (1, 2, 3, 4)
    ]
    assert [step.loss is None for step in steps[12:]] == [True, False, True, False]
    assert fit(sample.split("train"), encoder, frozen=False)[0][-1].message == "Fitting encoder and decoder"


def test_the_same_seed_gives_the_same_network_and_leaves_other_draws_alone(sample: Dataset, encoder: Encoder) -> None:
    cases = sample.split("train")[:4]
    state = torch.get_rng_state()
    first = fit(cases, encoder)[1]
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(1)
    assert distance(first, fit(cases, encoder)[1]) == 0
    assert distance(first, fit(cases, encoder, seed=1)[1]) > 1e-3


def test_fine_masks_teach_something_else_and_only_where_they_are(sample: Dataset, encoder: Encoder) -> None:
    cases, refined = sample.split("train"), sample.refined("train")
    fine = fit(cases, encoder, "fine")[1]
    assert distance(fine, fit(refined, encoder, "fine")[1]) == 0
    assert distance(fine, fit(refined, encoder, "coarse")[1]) > 1e-3


def test_training_on_masks_that_nobody_has_is_refused(sample: Dataset, encoder: Encoder) -> None:
    bare = [dataclasses.replace(case, fine_path=None) for case in sample.split("train")]
    with pytest.raises(UserError, match="No training case has a fine mask; add some or"):
        fit(bare, encoder, "fine")


def test_a_fit_that_leaves_the_numbers_ends_with_a_sentence(sample: Dataset, encoder: Encoder) -> None:
    with pytest.raises(UserError, match="The fit ended in numbers that are not finite; train on another"):
        fit(sample.split("train"), encoder, recipe=UnetRecipe(passes=5, rate=1e30))


def test_one_case_on_the_smallest_grid_is_enough(sample: Dataset, encoder: Encoder) -> None:
    steps, network = fit(sample.split("train")[:1], encoder, size=32, frozen=False)
    assert steps[-1].done == steps[-1].total == 2
    assert all(torch.isfinite(v).all() for v in network.stored_state().values())


def test_every_step_sees_images_of_one_shape(
    sample: Dataset, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.read_on_grid
    seen: list[tuple[int, ...]] = []

    def narrow(case: Case, masks: str, size: int) -> tuple[torch.Tensor, Any]:
        image, labels = real(case, masks, size)
        return (image[:, :, :32], labels[:, :32]) if case.id.endswith(("0", "3", "6")) else (image, labels)

    def watched(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(sorted(labels.shape[1:])))
        return segmentation_loss(scores, labels)

    monkeypatch.setattr(module, "read_on_grid", narrow)
    monkeypatch.setattr(module, "segmentation_loss", watched)
    fit(sample.split("train"), encoder, recipe=UnetRecipe(passes=1))
    assert set(seen) == {(32, 64), (64, 64)}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA device.")
def test_a_network_fitted_on_a_graphics_card_comes_back(sample: Dataset, encoder: Encoder) -> None:
    network = fit(sample.split("train"), encoder, device="cuda")[1]
    assert {p.device.type for p in (*network.parameters(), *network.buffers())} == {"cpu"}


def test_the_loss_is_zero_for_the_truth_and_large_for_its_opposite() -> None:
    labels = torch.tensor([[[0, 1], [2, 2]]])
    truth = 50 * functional.one_hot(labels, 3).movedim(-1, 1).float()
    assert float(segmentation_loss(truth, labels)) == pytest.approx(0, abs=1e-6)
    assert float(segmentation_loss(-truth, labels)) > 20


def test_the_loss_is_cross_entropy_and_dice() -> None:
    labels = torch.tensor([[[0, 1, 1, 1]]])
    scores = torch.zeros(1, 2, 1, 4)
    # Half of every pixel: overlap 1.5, sizes 2 and 3.
    assert float(segmentation_loss(scores, labels)) == pytest.approx(np.log(2) + 1 - (2 * 1.5 + 1) / (2 + 3 + 1))


@given(seed=st.integers(0, 999), put=st.integers(0, 2))
def test_a_pixel_without_a_label_has_no_part_in_the_loss(seed: int, put: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (2, 4, 4), generator=generator)
    hidden = torch.rand(2, 4, 4, generator=generator) < 0.5
    known = torch.where(hidden, IGNORE, labels)
    scores = torch.randn(2, 3, 4, 4, generator=generator, requires_grad=True)
    loss = segmentation_loss(scores, known)
    moved = torch.where(hidden[:, None], scores + put + torch.randn(2, 3, 1, 1, generator=generator), scores)
    assert segmentation_loss(moved, known).item() == loss.item()
    (gradient,) = torch.autograd.grad(loss, scores)
    assert not gradient.masked_select(hidden[:, None]).any()
    if hidden.any() and not hidden.all():
        kept = ~hidden
        columns = scores.movedim(1, -1)[kept].T[None, :, :, None]
        assert loss.item() == pytest.approx(segmentation_loss(columns, labels[kept][None, :, None]).item(), rel=1e-5)


def test_a_batch_without_any_label_costs_nothing() -> None:
    scores = torch.randn(1, 2, 4, 4, requires_grad=True)
    loss = segmentation_loss(scores, torch.full((1, 4, 4), IGNORE))
    assert loss.item() == 0
    assert not torch.autograd.grad(loss, scores)[0].any()


@given(
    shapes=st.lists(st.sampled_from([(32, 64), (64, 32), (64, 64)]), min_size=1, max_size=40),
    size=st.integers(2, 9),
    seed=st.integers(0, 99),
)
def test_batches_hold_every_case_once_and_one_shape_each(shapes: list[tuple[int, int]], size: int, seed: int) -> None:
    made = batches(shapes, size, np.random.default_rng(seed))
    assert sorted({int(i) for batch in made for i in batch}) == list(range(len(shapes)))
    for batch in made:
        assert 2 <= len(batch) <= size or size == 2
        assert len({shapes[i] for i in batch}) == 1
        assert len(set(batch)) == len(batch) or shapes.count(shapes[batch[0]]) == 1
    assert sum(map(len, made)) == len(shapes) + sum(shapes.count(shape) == 1 for shape in set(shapes))


def test_the_order_changes_from_pass_to_pass() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(batches([(32, 32)] * 20, 8, rng)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_image_and_labels_turn_together_into_all_orientations() -> None:
    labels = torch.arange(6, dtype=torch.uint8).reshape(2, 3)
    image = torch.stack([labels] * 3)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(100):
        images, ids = oriented([(image, labels), (image, labels)], rng)
        assert images.dtype == torch.uint8
        assert ids.dtype == torch.int64
        assert torch.equal(images[:, 0].long(), ids)
        seen |= {tuple(np.ravel(one).tolist()) for one in ids}
    assert len(seen) == 8
