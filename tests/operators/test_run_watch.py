"""What becomes of a run that collapses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Revision, Step
from napari_unlearn.operators.registry import info
from napari_unlearn.operators.run_watch import COLLAPSING, RunWatch

NAMES = ("background", "benign", "malignant")


@pytest.fixture
def problem(make_problem: Callable[..., HeadProblem]) -> HeadProblem:
    """A problem whose head in use fits the retain set."""
    found = make_problem()
    *_, best = found.convex.newton(found.public, 30, 1e-9)
    return make_problem(original=best.weights)


@pytest.fixture
def collapsed(problem: HeadProblem) -> np.ndarray:
    """A head that calls everything background."""
    weights = problem.original.copy()
    weights[0, -1] += 100
    return weights


def watch(problem: HeadProblem, operator: str) -> RunWatch:
    return RunWatch(problem, info(operator), Budget(0.5, 1e-5), NAMES)


def played(*states: np.ndarray) -> Iterator[Step | Revision]:
    for i, state in enumerate(states[:-1]):
        yield Step(i + 1, len(states), "Working", {"loss": float(i)}, state)
    yield Revision(states[-1])


def test_a_run_that_collapses_ends_with_the_last_good_state_and_the_cause(
    problem: HeadProblem, collapsed: np.ndarray
) -> None:
    good = problem.original * 1.01
    steps = played(problem.original * 0.99, good, collapsed, problem.original)
    *told, end = watch(problem, "gradient-ascent").over(steps)
    assert [step.message for step in told if isinstance(step, Step)] == ["Working", "Working", COLLAPSING]
    assert isinstance(end, Revision)
    np.testing.assert_array_equal(end.weights, good)
    assert end.stopped is not None
    assert end.stopped.startswith(
        "Gradient ascent was collapsing and was stopped: it calls nearly everything background and Dice"
    )
    # Nobody asked the operator for more.
    assert isinstance(next(steps), Revision)


def test_a_run_that_learns_from_nothing_is_left_alone(problem: HeadProblem, collapsed: np.ndarray) -> None:
    for operator in ("retrain", "gradient-clipping"):
        *told, end = watch(problem, operator).over(played(collapsed, problem.public, problem.original))
        assert len(told) == 2
        assert isinstance(end, Revision)
        assert watch(problem, operator).ended(end) is end


def test_a_certified_run_may_destroy_the_model_on_its_way(problem: HeadProblem, collapsed: np.ndarray) -> None:
    states = played(problem.original, collapsed, problem.original)
    *_, end = watch(problem, "gradient-clipping").over(states)
    assert isinstance(end, Revision)
    np.testing.assert_array_equal(end.weights, problem.original)


def test_an_empirical_result_that_has_collapsed_gives_way_to_the_last_good_state(
    problem: HeadProblem, collapsed: np.ndarray
) -> None:
    own = watch(problem, "gradient-ascent")
    *_, end = own.over(played(problem.original * 1.01, collapsed))
    assert isinstance(end, Revision)
    kept = own.ended(end)
    np.testing.assert_array_equal(kept.weights, problem.original * 1.01)
    assert kept.stopped is not None
    assert "was stopped" in kept.stopped


def test_without_a_good_state_an_empirical_run_fails(problem: HeadProblem, collapsed: np.ndarray) -> None:
    own = watch(problem, "gradient-ascent")
    *told, end = own.over(played(collapsed, collapsed))
    assert len(told) == 1
    assert isinstance(end, Revision)
    with pytest.raises(UserError, match="found no good state beside the model in use. The revised model has collapsed"):
        own.ended(end)
    unmoved = Revision(problem.original, stopped="Dice fell.")
    with pytest.raises(UserError, match=r"Dice fell. Choose smaller steps, or exact-refit"):
        watch(problem, "neggrad-seg").ended(unmoved)


@pytest.mark.parametrize(
    ("operator", "advice"),
    [
        ("gradient-clipping", "The noise for epsilon 0.5 drowned what it knew.*The guarantee stands, but use exact-"),
        ("residual-head", "The guarantee stands"),
        ("exact-refit", "Too little is kept to learn from"),
    ],
)
def test_what_a_guarantee_stands_for_stays_the_result_and_says_that_it_is_of_little_use(
    problem: HeadProblem, collapsed: np.ndarray, operator: str, advice: str
) -> None:
    made = Revision(collapsed, "some-mechanism", {"sigma": 1.0})
    ended = watch(problem, operator).ended(made)
    assert (ended.weights is collapsed, ended.mechanism, ended.numbers) == (True, "some-mechanism", {"sigma": 1.0})
    assert ended.stopped is not None
    assert ended.stopped.startswith("The revised model has collapsed: it calls nearly everything background")
    assert re.search(advice, ended.stopped)


def test_states_that_do_not_fit_the_model_are_not_looked_at(problem: HeadProblem) -> None:
    odd: Any = np.zeros(7)
    *told, _ = watch(problem, "gradient-ascent").over(played(odd, problem.original))
    assert len(told) == 1


def test_an_empirical_run_that_is_stopped_by_hand_ends_with_the_last_good_state(problem: HeadProblem) -> None:
    asked = False
    states = [problem.original * factor for factor in (0.99, 1.01, 1.02)]
    steps = played(*states, problem.original)
    watched = watch(problem, "gradient-ascent")
    run = watched.over(steps, lambda: asked)
    assert not watched.keeps
    next(run)
    assert watched.keeps
    next(run)
    asked = True
    end = next(run)
    assert isinstance(end, Revision)
    np.testing.assert_array_equal(end.weights, states[1])
    assert end.mechanism == "none"
    assert end.stopped is not None
    assert "stopped by hand at step 2 of at most 4" in end.stopped
    assert watched.ended(end) is end


def test_an_exact_run_may_end_with_any_state_that_it_fitted_and_a_certified_one_with_none(
    problem: HeadProblem,
) -> None:
    exact = watch(problem, "exact-refit")
    *_, end = exact.over(played(problem.original, problem.original * 2, problem.public), lambda: True)
    assert isinstance(end, Revision)
    np.testing.assert_array_equal(end.weights, problem.original)
    assert end.mechanism == "none-needed"
    assert end.numbers == {"stopped_at": 1}
    (chosen,) = end.assumptions
    assert chosen.sentence == "Nothing that forgotten labels tell had a part in when the run was stopped."
    assert "stopped by hand at step 1 of at most" in chosen.checked
    certified = watch(problem, "pnsgd")
    *told, end = certified.over(played(problem.original, problem.original, problem.public), lambda: True)
    assert len(told) == 2
    assert not certified.keeps
    assert isinstance(end, Revision)
    assert end.stopped is None
