"""The clip that makes a ball, and the fit that follows the noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_unlearn.operators.ball import clip, learn_again
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Step


def test_one_norm_over_everything() -> None:
    vector = np.array([[3.0, 0.0], [0.0, 4.0]])
    np.testing.assert_allclose(clip(vector, 1.0), vector / 5)
    np.testing.assert_array_equal(clip(vector, 5.0), vector)
    np.testing.assert_array_equal(clip(vector, 0.0), 0 * vector)
    np.testing.assert_array_equal(clip(0 * vector, 1.0), 0 * vector)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_becomes_zero(bad: float) -> None:
    vector = np.array([1.0, bad])
    np.testing.assert_array_equal(clip(vector, 5.0), [0.0, 0.0])
    assert vector[0] == 1.0


def test_a_vector_whose_norm_overflows_stays_in_the_ball() -> None:
    with np.errstate(over="ignore"):
        assert np.linalg.norm(clip(np.full(3, 1e200), 2.0)) <= 2.0


@pytest.mark.parametrize("rounds", [0, 3])
def test_the_same_fit_is_made_from_the_noisy_weights_and_from_the_public_start(
    make_problem: Callable[..., HeadProblem], rounds: int
) -> None:
    problem = make_problem()
    weights = np.full((3, 5), 0.3)
    *steps, ends = learn_again(problem, weights, rounds, np.random.default_rng(0), done=7)
    assert isinstance(ends, tuple)
    for start, end in zip((weights, problem.public), ends, strict=True):
        *_, last = problem.learn(start, rounds, np.random.default_rng(0))
        np.testing.assert_array_equal(end, last.weights)
    assert all(isinstance(step, Step) for step in steps)
    dones = [step.done for step in steps if isinstance(step, Step)]
    assert dones == list(range(8, 8 + 2 * (rounds + 1)))
    assert {step.total for step in steps if isinstance(step, Step)} == {7 + 2 * (rounds + 1)}
    assert sum("loss" in step.metrics for step in steps if isinstance(step, Step)) == rounds + 1
