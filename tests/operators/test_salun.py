"""Random labels that move only the weights that matter to the forget set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_unlearn.operators.catalogue.comparators import SalUnSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.salun import operator, salient

Problems = Callable[..., HeadProblem]


def slope(problem: HeadProblem) -> np.ndarray:
    """Of the mean cross-entropy of the forgotten labels, in float64."""
    pixels = problem.forget_pixels
    scores = pixels.features.astype(float) @ problem.original.T
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    weight = pixels.weights / pixels.weights.sum()
    return ((p - np.eye(3)[pixels.labels]) * weight[:, None]).T @ pixels.features


@pytest.mark.parametrize(("quantile", "moving"), [(0.0, 15), (0.5, 7), (0.8, 3), (1.0, 0)])
def test_the_salient_weights_are_those_with_the_steepest_slope(
    make_problem: Problems, make_pixels: Any, quantile: float, moving: int
) -> None:
    problem = make_problem(forget_pixels=make_pixels(1, seed=3, label=2))
    found = salient(problem, SalUnSettings(quantile=quantile), np.random.default_rng(0))
    assert found.sum() == moving
    size = np.abs(slope(problem))
    assert set(np.flatnonzero(found)) == set(np.argsort(size.ravel())[15 - moving :])


def test_weights_that_are_not_salient_keep_every_bit(make_problem: Problems, finish: Any) -> None:
    problem = make_problem()
    settings = SalUnSettings(steps=30, largest_drop=1.0)
    found = salient(problem, settings, np.random.default_rng(0))
    assert 0 < found.sum() < found.size
    _, revision = finish(operator, problem, settings)
    np.testing.assert_array_equal(revision.weights[~found], problem.original[~found])
    assert (revision.weights[found] != problem.original[found]).all()


def test_with_nothing_to_forget_nothing_is_salient(make_problem: Problems, make_pixels: Any, finish: Any) -> None:
    problem = make_problem(forget_pixels=make_pixels(0))
    _, revision = finish(operator, problem, SalUnSettings(steps=3))
    np.testing.assert_array_equal(revision.weights, problem.original)


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), SalUnSettings(steps=2), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
