"""A state that is kept up to date is the state that is built from scratch."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.catalogue.certified_head import ResidualHeadSettings
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.live.retain_state import RetainState
from napari_unlearn.operators.live.rows import Kind
from napari_unlearn.operators.live.solver import Solver
from napari_unlearn.operators.protocol import Step

SETTINGS = ResidualHeadSettings(pixels=40, swap_pixels=20, background_pixels=30)


@pytest.fixture
def segmenter(model: Path) -> HeadSegmenter:
    loaded = load_segmenter(model)
    assert isinstance(loaded, HeadSegmenter)
    return loaded


def read(segmenter: HeadSegmenter, dataset: Dataset, swaps: int = 2) -> RetainState:
    state = RetainState(segmenter, SETTINGS, swaps, seed=4)
    assert all(isinstance(step, Step) for step in state.read(dataset.split("train")))
    return state


def same(one: RetainState, other: RetainState) -> None:
    slots, others = one.objective.rows.slots, other.objective.rows.slots
    assert slots.keys() == others.keys()
    for owner, slot in slots.items():
        mine, theirs = slot.copy(), others[owner].copy()
        assert slot.kind is others[owner].kind
        if slot.kind is Kind.COMPOSED:  # how many images a network looks at together moves its last digits
            assert torch.allclose(mine.x, theirs.x, rtol=5e-3, atol=5e-3)
        else:
            assert torch.equal(mine.x, theirs.x)
        assert torch.equal(mine.y, theirs.y)
        assert torch.equal(mine.a, theirs.a)
    assert torch.allclose(one.objective.factors(), other.objective.factors(), rtol=1e-12)
    assert torch.allclose(one.objective.gradient(), other.objective.gradient(), atol=1e-4)
    mine, theirs = one.collected(), other.collected()
    assert (mine.retain_hash, mine.forget_hash) == (theirs.retain_hash, theirs.forget_hash)
    assert (mine.retain_pixels, mine.forget_pixels) == (theirs.retain_pixels, theirs.forget_pixels)
    assert (mine.refined, mine.unrefined) == (theirs.refined, theirs.unrefined)


@pytest.mark.parametrize("refined", [True, False])
def test_after_a_stroke_it_is_what_it_would_be_from_scratch(
    sample: Dataset, segmenter: HeadSegmenter, tmp_path: Path, refined: bool
) -> None:
    case = next(case for case in sample.split("train") if case.is_refined is refined)
    fine = (case.fine() if refined else case.coarse()).copy()
    rows, _ = np.nonzero(fine)
    fine[: int(np.median(rows))] = 0
    state = read(segmenter, sample)
    others = {owner: slot.copy() for owner, slot in state.objective.rows.slots.items() if owner[0] != case.id}
    state.stroke(case, fine)
    assert state.due
    touched = set(state.due)
    assert all(key not in state.objective.rows.slots for key in touched)
    for owner, before in others.items():
        if owner not in touched:
            after = state.objective.rows.slots[owner].copy()
            assert torch.equal(before.x, after.x)
            assert torch.equal(before.a, after.a)
    while state.due:
        state.compose_due()

    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    write_mask(root / "fine" / f"{case.id}.png", fine)
    same(state, read(segmenter, open_dataset(root)))


def test_no_label_that_was_brushed_away_stays_in_the_objective(sample: Dataset, segmenter: HeadSegmenter) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    state = read(segmenter, sample)
    fine = case.fine()
    assert fine is not None
    class_id = int(fine.max())
    fine = np.zeros_like(fine)
    state.stroke(case, fine)
    own = state.objective.rows.slots[case.id, -1].copy()
    assert class_id > 0
    assert int(own.y.max()) == 0
    composed = {owner for owner, slot in state.objective.rows.slots.items() if slot.kind is Kind.COMPOSED}
    assert not [owner for owner in composed if owner[0] == case.id]
    assert not [owner for owner in composed if state._partners[owner] == case.id]


def test_masks_have_the_fingerprints_of_any_other_run(sample: Dataset, segmenter: HeadSegmenter) -> None:
    *_, run = collect(segmenter, sample.split("train"), SETTINGS, 0, np.random.default_rng(0))
    live = read(segmenter, sample, swaps=0).collected()
    assert live.retain_hash == run.retain_hash
    assert live.forget_hash == run.forget_hash
    assert (live.retain_pixels, live.forget_pixels) == (run.retain_pixels, run.forget_pixels)


def test_without_a_class_there_is_nothing_to_fit(sample: Dataset, segmenter: HeadSegmenter) -> None:
    only = [case for case in sample.split("train") if not case.is_refined or case.diagnosis == "benign"]
    with pytest.raises(UserError, match="No refined case shows malignant"):
        list(RetainState(segmenter, SETTINGS, 0, 0).read(only))
    bare = [dataclasses.replace(case, fine_path=None) for case in only]
    with pytest.raises(UserError, match="No training case has a fine mask"):
        list(RetainState(segmenter, SETTINGS, 0, 0).read(bare))


def test_dice_is_that_of_the_drawn_pixels(sample: Dataset, segmenter: HeadSegmenter) -> None:
    state = read(segmenter, sample, swaps=0)
    weights = torch.from_numpy(segmenter.head.weights)
    state.objective.measure(step=weights)
    x, y, a = (
        np.concatenate([getattr(slot.copy(), part).numpy() for slot in state.objective.rows.slots.values()
                        if slot.kind is Kind.REFINED])
        for part in "xya"
    )  # fmt: skip
    predicted, true = (x.astype(float) @ segmenter.head.weights.T).argmax(axis=1) > 0, y > 0
    expected = 2 * a[predicted & true].sum() / (a[predicted].sum() + a[true].sum())
    assert state.refined_dice(state.objective.weights.numpy()) == pytest.approx(expected, rel=1e-9)


def test_composing_that_is_broken_off_has_changed_nothing(sample: Dataset, segmenter: HeadSegmenter) -> None:
    state = read(segmenter, sample)
    case = next(case for case in sample.split("train") if case.is_refined)
    fine = case.fine()
    assert fine is not None
    state.stroke(case, fine)
    due, gradient = list(state.due), state.objective.gradient()

    def check() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        state.compose_due(check)
    assert state.due == due
    assert torch.equal(state.objective.gradient(), gradient)


@pytest.fixture
def without_lesions(sample: Dataset, tmp_path: Path) -> Dataset:
    """The sample with empty coarse masks in three cases that nobody refined."""
    root = Path(shutil.copytree(sample.root, tmp_path / "without-lesions"))
    for case in [case for case in open_dataset(root).split("train") if not case.is_refined][:3]:
        write_mask(root / "coarse" / f"{case.id}.png", np.zeros_like(case.coarse()))
    return open_dataset(root)


def test_a_case_without_a_lesion_counts_as_in_any_other_run(without_lesions: Dataset, segmenter: HeadSegmenter) -> None:
    *_, run = collect(segmenter, without_lesions.split("train"), SETTINGS, 0, np.random.default_rng(0))
    state = read(segmenter, without_lesions, swaps=0)
    factors = state.objective.factors()
    carried = {kind: float(factors[kind] * state.objective.rows.mass()[kind]) for kind in Kind}
    assert carried[Kind.LESION_FREE] > 0
    assert sum(carried.values()) == pytest.approx(1)
    pixels = run.problem.retain_pixels
    lesion = sum(
        float(factors[slot.kind] * (slot.copy().a * (slot.copy().y > 0)).sum())
        for slot in state.objective.rows.slots.values()
    )
    assert lesion == pytest.approx(pixels.weights[pixels.labels > 0].sum() / pixels.weights.sum(), rel=0.1)


def test_a_stroke_on_a_case_without_a_lesion_makes_it_like_any_other(
    without_lesions: Dataset, segmenter: HeadSegmenter
) -> None:
    case = next(case for case in without_lesions.split("train") if not case.is_refined)
    assert not case.coarse().any()
    state = read(segmenter, without_lesions)
    assert state.objective.rows.slots[case.id, -1].kind is Kind.LESION_FREE
    before = float(state.objective.factors()[Kind.LESION_FREE])
    fine = np.zeros_like(case.coarse())
    state.stroke(case, fine)
    assert state.objective.rows.slots[case.id, -1].kind is Kind.LESION_FREE
    while state.due:
        state.compose_due()
    own = [slot.kind for key, slot in state.objective.rows.slots.items() if key[0] == case.id and key[1] >= 0]
    assert own == [Kind.COMPOSED_FREE] * 2
    assert float(state.objective.factors()[Kind.LESION_FREE]) == pytest.approx(before, rel=0.2)
    fine[20:30, 20:30] = 1
    state.stroke(case, fine)
    assert state.objective.rows.slots[case.id, -1].kind is Kind.REFINED
    while state.due:
        state.compose_due()
    own = [slot.kind for key, slot in state.objective.rows.slots.items() if key[0] == case.id and key[1] >= 0]
    assert own == [Kind.COMPOSED] * 2


def test_composed_cases_with_and_without_a_lesion_carry_what_they_do_in_any_other_run(
    without_lesions: Dataset, segmenter: HeadSegmenter, tmp_path: Path
) -> None:
    *_, run = collect(segmenter, without_lesions.split("train"), SETTINGS, 2, np.random.default_rng(0))
    state = read(segmenter, without_lesions)
    factors = state.objective.factors()
    carried = {kind: float(factors[kind] * state.objective.rows.mass()[kind]) for kind in Kind}
    assert sum(carried.values()) == pytest.approx(1)
    assert carried[Kind.COMPOSED_FREE] / carried[Kind.LESION_FREE] > 0.1
    pixels = run.problem.retain_pixels
    lesion = sum(
        float(factors[slot.kind] * (slot.copy().a * (slot.copy().y > 0)).sum())
        for slot in state.objective.rows.slots.values()
    )
    assert lesion == pytest.approx(pixels.weights[pixels.labels > 0].sum() / pixels.weights.sum(), rel=0.15)
    case = next(case for case in without_lesions.split("train") if case.is_refined)
    fine = np.asarray(case.fine()).copy()
    fine[: int(np.median(np.nonzero(fine)[0]))] = 0
    state.stroke(case, fine)
    while state.due:
        state.compose_due()
    root = Path(shutil.copytree(without_lesions.root, tmp_path / "stroked"))
    write_mask(root / "fine" / f"{case.id}.png", fine)
    same(state, read(segmenter, open_dataset(root)))


def test_the_last_case_without_a_lesion_may_get_one_and_lose_it_again(
    sample: Dataset, segmenter: HeadSegmenter, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(sample.root, tmp_path / "one-without"))
    last = next(case for case in open_dataset(root).split("train") if not case.is_refined)
    write_mask(root / "coarse" / f"{last.id}.png", np.zeros_like(last.coarse()))
    # The second has a lesion in its coarse mask alone, and its composed cases count with those of the first.
    emptied = next(case for case in open_dataset(root).split("train") if case.is_refined)
    write_mask(root / "fine" / f"{emptied.id}.png", np.zeros_like(emptied.coarse()))
    state = read(segmenter, open_dataset(root))
    solver, bound = Solver(state.objective, 500, np.random.default_rng(0)), 1e-7
    list(solver.settle(bound, 200))

    def heaviest(state: RetainState) -> float:
        slots = [slot for key, slot in state.objective.rows.slots.items() if key[0] != last.id]
        return max(float(slot.copy().a.max()) for slot in slots if slot.kind is Kind.REFINED)

    before, fine = heaviest(state), np.zeros_like(last.coarse())
    for lesion in (1, 0):
        fine[20:30, 20:30] = lesion
        state.stroke(last, fine)
        while state.due:
            state.compose_due()
        write_mask(root / "fine" / f"{last.id}.png", fine)
        fresh = read(segmenter, open_dataset(root))
        start = state.objective.weights
        fresh.objective.measure(step=start)
        same(state, fresh)
        assert (heaviest(state) > 2 * before) == bool(lesion)
        list(solver.settle(bound, 200))
        fresh.objective.measure(step=-start)
        list(Solver(fresh.objective, 500, np.random.default_rng(0)).settle(bound, 200))
        apart = float((state.objective.weights - fresh.objective.weights).norm())
        assert apart <= 2 * bound / SETTINGS.strength
