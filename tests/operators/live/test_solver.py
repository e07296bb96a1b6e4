"""Few passes, and a residual that says the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.live.objective import LiveObjective, Overtaken
from napari_unlearn.operators.live.rows import Kind
from napari_unlearn.operators.live.solver import Solver

CLASSES, WIDTH, STRENGTH, BOUND = 3, 5, 1e-3, 1e-10
Make = Callable[..., PixelSet]
ObjectiveOf = Callable[[dict[str, PixelSet]], LiveObjective]
DenseHessian = Callable[[LiveObjective, list[str]], torch.Tensor]


def solved(parts: dict[str, PixelSet]) -> torch.Tensor:
    pixels = PixelSet(
        np.concatenate([p.features for p in parts.values()]),
        np.concatenate([p.labels for p in parts.values()]),
        np.concatenate([p.weights for p in parts.values()]),
    )
    *_, last = ConvexProblem(pixels, CLASSES, STRENGTH).newton(np.zeros((CLASSES, WIDTH)), 50, 1e-13)
    return torch.from_numpy(last.weights)


@pytest.mark.parametrize("sample", [400, 10**9])
def test_it_reaches_the_minimum_and_measures_what_is_left(
    objective_of: ObjectiveOf, parts: dict[str, PixelSet], sample: int
) -> None:
    objective = objective_of(parts)
    *_, last = Solver(objective, sample, np.random.default_rng(0)).settle(BOUND, 100)
    assert last.measured
    assert last.residual <= BOUND
    assert float((objective.weights - solved(parts)).norm()) <= (BOUND + 1e-13) / STRENGTH
    assert objective.measure() == pytest.approx(last.residual, rel=1e-6)


def test_after_a_stroke_it_arrives_where_a_fit_from_scratch_does_and_in_fewer_passes(
    objective_of: ObjectiveOf, parts: dict[str, PixelSet], make_pixels: Make
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


def test_it_gives_up_with_a_sentence_rather_than_show_a_state_without_certificate(
    objective_of: ObjectiveOf, parts: dict[str, PixelSet]
) -> None:
    with pytest.raises(UserError, match="no certificate can be given"):
        list(Solver(objective_of(parts), 10**9, np.random.default_rng(0)).settle(BOUND, 2))


def test_rows_that_count_for_more_make_the_factor_anew(
    objective_of: ObjectiveOf, dense_hessian: DenseHessian, parts: dict[str, PixelSet]
) -> None:
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    list(solver.settle(BOUND, 100))
    more = {owner: parts[owner].weights * np.geomspace(1, 50, len(parts[owner])) for owner in ("a", "b")}
    objective.reweigh(more)
    assert solver.aged
    solver.rejuvenate()
    assert not solver.aged
    assert solver._curvature is not None
    dense = dense_hessian(objective, list(parts)) + STRENGTH * torch.eye(CLASSES * WIDTH)
    right = torch.from_numpy(np.random.default_rng(2).normal(size=(CLASSES, WIDTH)))
    solved = solver._curvature.solve(right, ())
    assert float((dense @ solved.reshape(-1) - right.reshape(-1)).norm()) < 1e-3 * float(right.norm())
    *_, last = solver.settle(BOUND, 100)
    assert last.residual <= BOUND


def test_a_fit_that_was_overtaken_goes_on_from_where_it_was(
    objective_of: ObjectiveOf, parts: dict[str, PixelSet]
) -> None:
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
    objective_of: ObjectiveOf, dense_hessian: DenseHessian, parts: dict[str, PixelSet], make_pixels: Make
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
    objective_of: ObjectiveOf, parts: dict[str, PixelSet], make_pixels: Make
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


def test_what_came_and_went_counts_until_the_factor_has_taken_it_in(
    objective_of: ObjectiveOf, parts: dict[str, PixelSet], make_pixels: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_unlearn.operators.live.solver.CROWD", 799)
    objective = objective_of(parts)
    solver = Solver(objective, 10**9, np.random.default_rng(0))
    assert not solver.crowded  # there is no factor yet
    solver.refresh()
    assert not solver.crowded
    objective.replace("a", Kind.REFINED, 500, make_pixels(300, seed=60))
    assert solver.crowded  # a slot of 500 rows, and 300 that went
    solver.rejuvenate()
    assert not solver.crowded
