"""Unbounded ascent: the published failure, and the stop before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.operators.catalogue.comparators import GradientAscentSettings
from napari_unlearn.operators.descent import STOPPED
from napari_unlearn.operators.gradient_ascent import operator
from napari_unlearn.operators.head_problem import HeadProblem

Problems = Callable[..., HeadProblem]


@pytest.fixture
def trained(make_problem: Problems) -> HeadProblem:
    """A problem whose head in use fits the retain set as well as it can."""
    problem = make_problem()
    *_, best = problem.convex.newton(problem.public, 30, 1e-9)
    return make_problem(original=best.weights)


def fast(largest_drop: float, steps: int = 200) -> GradientAscentSettings:
    return GradientAscentSettings(steps=steps, learning_rate=0.05, largest_drop=largest_drop)


def test_one_step_climbs_the_loss_of_the_forgotten_labels(make_problem: Problems, finish: Any) -> None:
    problem = make_problem()
    _, revision = finish(operator, problem, GradientAscentSettings(steps=1, learning_rate=1e-3, batch=100_000))
    x = problem.forget_pixels.features.astype(float)
    scores = x @ problem.original.T
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    weight = problem.forget_pixels.weights / problem.forget_pixels.weights.sum()
    slope = ((p - np.eye(3)[problem.forget_pixels.labels]) * weight[:, None]).T @ x
    clear = np.abs(slope) > 0.05 * np.abs(slope).max()
    np.testing.assert_allclose((revision.weights - problem.original)[clear], 1e-3 * np.sign(slope)[clear], rtol=1e-2)


def test_without_a_stop_it_ruins_the_model(trained: HeadProblem, finish: Any) -> None:
    before = trained.retain_dice(trained.original)
    steps, revision = finish(operator, trained, fast(1.0))
    assert steps[-1].message != STOPPED
    assert trained.retain_dice(revision.weights) < before - 0.2
    scores = trained.scores(
        torch.from_numpy(revision.weights), torch.from_numpy(trained.retain_pixels.features).double()
    )
    assert scores.abs().max() > 5 * np.abs(trained.retain_pixels.features @ trained.original.T).max()


def test_the_loss_falls_without_end(trained: HeadProblem, finish: Any) -> None:
    short, long = (finish(operator, trained, fast(1.0, steps))[0][-1].metrics["loss"] for steps in (50, 100))
    assert long < 1.5 * short < 0


def test_the_stop_keeps_the_last_good_weights(trained: HeadProblem, finish: Any) -> None:
    before = trained.retain_dice(trained.original)
    steps, revision = finish(operator, trained, fast(0.01))
    assert steps[-1].message == STOPPED
    assert len(steps) < 200
    assert steps[-1].metrics["retain_dice"] < before - 0.01
    assert trained.retain_dice(revision.weights) >= before - 0.01


def test_with_nothing_to_forget_nothing_moves(make_problem: Problems, make_pixels: Any, finish: Any) -> None:
    problem = make_problem(forget_pixels=make_pixels(0))
    _, revision = finish(operator, problem, GradientAscentSettings(steps=5))
    np.testing.assert_array_equal(revision.weights, problem.original.astype(np.float32))


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), GradientAscentSettings(steps=2), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
