"""Few passes, and a residual that says the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.live.objective import LiveObjective, Overtaken
from napari_unlearn.operators.live.rows import Kind, Rows
from napari_unlearn.operators.live.solver import Curvature, Patch, Solver

CLASSES, WIDTH, STRENGTH, BOUND = 3, 5, 1e-3, 1e-10
Make = Callable[..., PixelSet]


def objective_of(parts: dict[str, PixelSet]) -> LiveObjective:
    objective = LiveObjective(Rows(CLASSES, WIDTH), torch.zeros(CLASSES, WIDTH).double(), STRENGTH, 0.0, 0.0)
    for owner, pixels in parts.items():
        objective.replace(owner, Kind.REFINED, 500, pixels)
    return objective


def dense_hessian(objective: LiveObjective, owners: list[str]) -> torch.Tensor:
    factor = objective.factors()[Kind.REFINED]
    out = torch.zeros(CLASSES * WIDTH, CLASSES * WIDTH, dtype=torch.float64)
    for owner in owners:
        rows = objective.rows.slots[owner].copy()
        for x, a, p in zip(rows.x.double(), rows.a, rows.p, strict=True):
            out += factor * a * torch.kron(torch.diag(p) - torch.outer(p, p), torch.outer(x, x))
    return out


@pytest.fixture
def parts(make_pixels: Make) -> dict[str, PixelSet]:
    return {name: make_pixels(300, seed=seed) for seed, name in enumerate("abcdef")}


def solved(parts: dict[str, PixelSet]) -> torch.Tensor:
    pixels = PixelSet(
        np.concatenate([p.features for p in parts.values()]),
        np.concatenate([p.labels for p in parts.values()]),
        np.concatenate([p.weights for p in parts.values()]),
    )
    *_, last = ConvexProblem(pixels, CLASSES, STRENGTH).newton(np.zeros((CLASSES, WIDTH)), 50, 1e-13)
    return torch.from_numpy(last.weights)


@pytest.mark.parametrize("sample", [400, 10**9])
def test_it_reaches_the_minimum_and_measures_what_is_left(parts: dict[str, PixelSet], sample: int) -> None:
    objective = objective_of(parts)
    *_, last = Solver(objective, sample, np.random.default_rng(0)).settle(BOUND, 100)
    assert last.measured
    assert last.residual <= BOUND
    assert float((objective.weights - solved(parts)).norm()) <= (BOUND + 1e-13) / STRENGTH
    assert objective.measure() == pytest.approx(last.residual, rel=1e-6)


def test_after_a_stroke_it_arrives_where_a_fit_from_scratch_does_and_in_fewer_passes(
    parts: dict[str, PixelSet], make_pixels: Make
) -> None:
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    *_, cold = solver.settle(BOUND, 100)
    solver.refresh()
    parts["c"] = make_pixels(250, seed=50)
    objective.replace("c", Kind.REFINED, 500, parts["c"])
    *_, warm = solver.settle(BOUND, 100)
    assert warm.passes < cold.passes
    assert float((objective.weights - solved(parts)).norm()) <= (BOUND + 1e-13) / STRENGTH


def test_the_curvature_is_the_dense_hessian_with_patches_added_and_taken_off(
    parts: dict[str, PixelSet], make_pixels: Make
) -> None:
    objective = objective_of(parts)
    objective.measure(step=0.3 * torch.from_numpy(np.random.default_rng(1).normal(size=(CLASSES, WIDTH))))
    curvature = Curvature(objective, 10**9, np.random.default_rng(0))
    factor = float(objective.factors()[Kind.REFINED])
    dense = dense_hessian(objective, list(parts)) + STRENGTH * torch.eye(CLASSES * WIDTH)
    right = torch.from_numpy(np.random.default_rng(2).normal(size=(CLASSES, WIDTH)))
    exact = torch.linalg.solve(dense, right.reshape(-1)).reshape(right.shape)
    assert torch.allclose(curvature.solve(right, ()), exact, rtol=1e-3, atol=1e-3 * float(exact.abs().max()))
    off = Patch(objective.rows.slots["a"].copy(), -factor)
    on = Patch(objective.rows.slots["b"].copy(), factor)
    patched = dense - dense_hessian(objective, ["a"]) + dense_hessian(objective, ["b"])
    exact = torch.linalg.solve(patched, right.reshape(-1)).reshape(right.shape)
    close = curvature.solve(right, (off, on))
    assert float((patched @ close.reshape(-1) - right.reshape(-1)).norm()) < 0.02 * float(right.norm())


def test_a_sampled_curvature_is_right_on_average(parts: dict[str, PixelSet]) -> None:
    objective = objective_of(parts)
    objective.measure(step=0.3 * torch.from_numpy(np.random.default_rng(1).normal(size=(CLASSES, WIDTH))))
    right = torch.from_numpy(np.random.default_rng(2).normal(size=(CLASSES, WIDTH)))
    full = Curvature(objective, 10**9, np.random.default_rng(0))._apply(right.float().T).T
    rng = np.random.default_rng(3)
    sampled = torch.stack([Curvature(objective, 300, rng)._apply(right.float().T).T for _ in range(60)])
    spread = sampled.std(dim=0) / 60**0.5
    assert float(spread.max()) > 0
    assert float(((sampled.mean(dim=0) - full) / spread).abs().max()) < 4.5


def test_a_row_that_is_wrong_counts_as_halfway_to_its_label() -> None:
    objective = LiveObjective(Rows(2, 1), torch.tensor([[0.0], [40.0]]).double(), STRENGTH, 0.0, 0.0)
    one = PixelSet(np.ones((1, 1), np.float32), np.array([0]), np.ones(1))
    objective.replace("a", Kind.REFINED, 1, one)
    rows = objective.rows.slots["a"].copy()
    direction = torch.tensor([[1.0, -1.0]])
    assert float(Patch(rows, 1.0).curve(direction).abs().max()) < 1e-6
    assert torch.allclose(Patch(rows, 1.0, halfway=True).curve(direction), torch.tensor([[0.5, -0.5]]))


def test_it_gives_up_with_a_sentence_rather_than_show_a_state_without_certificate(parts: dict[str, PixelSet]) -> None:
    with pytest.raises(UserError, match="no certificate can be given"):
        list(Solver(objective_of(parts), 10**9, np.random.default_rng(0)).settle(BOUND, 2))


def test_a_fit_that_was_overtaken_goes_on_from_where_it_was(parts: dict[str, PixelSet]) -> None:
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise Overtaken

    start = float(objective.gradient().norm())
    with pytest.raises(Overtaken):
        list(solver.settle(BOUND, 100, check))
    reached = objective.measure()
    assert reached < start
    *_, last = solver.settle(BOUND, 100)
    assert last.residual <= BOUND


def test_rows_that_came_and_went_are_taken_into_the_factor_for_good(
    parts: dict[str, PixelSet], make_pixels: Make
) -> None:
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    assert not solver.aged  # there is no factor yet
    list(solver.settle(BOUND, 100))
    solver.refresh()
    assert not solver.aged
    objective.replace("a", Kind.REFINED, 500, make_pixels(300, seed=60))
    assert solver.aged
    solver.rejuvenate()
    assert not solver.aged
    assert not objective.came
    assert not objective.went
    assert solver._curvature is not None
    dense = dense_hessian(objective, list(parts)) + STRENGTH * torch.eye(CLASSES * WIDTH)
    right = torch.from_numpy(np.random.default_rng(2).normal(size=(CLASSES, WIDTH)))
    close = solver._curvature.solve(right, ())
    # What all the other rows count for has changed by a little, too.
    assert float((dense @ close.reshape(-1) - right.reshape(-1)).norm()) < 0.1 * float(right.norm())


def test_a_factor_that_more_was_taken_off_than_there_was_is_made_anew(
    parts: dict[str, PixelSet], make_pixels: Make
) -> None:
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    list(solver.settle(BOUND, 100))
    solver.refresh()
    objective.went = [(Kind.REFINED, objective.rows.slots["a"].copy())] * 20
    solver.rejuvenate()
    assert not objective.went
    *_, last = solver.settle(BOUND, 3)
    assert last.measured


def test_a_patch_as_a_matrix_does_what_it_does_to_a_direction(parts: dict[str, PixelSet]) -> None:
    objective = objective_of(parts)
    objective.measure(step=0.3 * torch.from_numpy(np.random.default_rng(1).normal(size=(CLASSES, WIDTH))))
    patch = Patch(objective.rows.slots["a"].copy(), 0.5)
    direction = torch.from_numpy(np.random.default_rng(2).normal(size=(WIDTH, CLASSES))).float()
    expected = (patch.dense() @ direction.T.reshape(-1)).reshape(CLASSES, WIDTH).T
    assert torch.allclose(patch.curve(direction), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
