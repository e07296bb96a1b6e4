"""The residual certificate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from napari_unlearn.errors import UserError
from napari_unlearn.operators import exact_refit, residual_head
from napari_unlearn.operators.catalogue.certified_head import ResidualHeadSettings
from napari_unlearn.operators.catalogue.exact import ExactRefitSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.residual_head import operator
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise

STRENGTH, RESIDUAL = 0.01, 1e-6
SETTINGS = ResidualHeadSettings(strength=STRENGTH, residual=RESIDUAL)


def test_without_noise_it_is_the_exact_refit(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    steps, revision = finish(operator, make_problem(), SETTINGS, silence)
    _, exact = finish(exact_refit.operator, make_problem(), ExactRefitSettings(strength=STRENGTH, tolerance=1e-13))
    distance = np.linalg.norm(revision.weights - exact.weights)
    assert distance <= RESIDUAL / STRENGTH
    assert steps[-1].metrics["residual"] <= RESIDUAL


@pytest.mark.parametrize("size", [0.0, 1.0, 100.0])
def test_two_starts_end_within_the_sensitivity(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any, size: float
) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, silence)
    start = size * np.random.default_rng(7).normal(size=(3, 5))
    _, other = finish(operator, make_problem(original=start), SETTINGS, silence)
    assert np.linalg.norm(one.weights - other.weights) <= one.numbers["sensitivity"]


def test_the_noise_hides_twice_the_bound_whatever_was_reached(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    steps, revision = finish(operator, make_problem(), SETTINGS, silence, epsilon=2.0)
    sigma = 2 * RESIDUAL / STRENGTH / gaussian_dp.mu(2.0, 1e-5)
    assert silence.asked == [((3, 5), pytest.approx(sigma, rel=1e-9))]
    assert revision.numbers["sigma"] == pytest.approx(sigma, rel=1e-9)
    assert steps[-1].metrics["residual"] < RESIDUAL


def test_what_is_recorded_does_not_depend_on_the_start(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, silence)
    _, other = finish(operator, make_problem(original=np.zeros((3, 5))), SETTINGS, silence)
    assert one.numbers == other.numbers


def test_the_noise_that_is_added_has_that_spread(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    source = SeededNoise(3)
    _, quiet = finish(operator, make_problem(), SETTINGS, silence)
    arrived = make_problem(original=quiet.weights)
    draws = [finish(operator, arrived, SETTINGS, source)[1].weights - quiet.weights for _ in range(300)]
    scaled = np.sum(np.square(draws)) / quiet.numbers["sigma"] ** 2
    low, high = chi2(300 * 15).ppf([1e-6, 1 - 1e-6])
    assert low < scaled < high


def test_a_head_that_is_not_close_enough_is_refused(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    settings = ResidualHeadSettings(strength=STRENGTH, residual=1e-12, iterations=1)
    with pytest.raises(UserError, match=r"not be brought close enough .*; allow more iterations"):
        finish(operator, make_problem(), settings, silence)
    assert silence.asked == []


def test_a_head_that_is_not_finite_is_refused(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    with pytest.raises(UserError, match="not be brought close enough"):
        finish(operator, make_problem(original=np.full((3, 5), np.nan)), SETTINGS, silence)


@pytest.mark.parametrize(("source", "certifies"), [(OperatingSystemNoise(), True), (SeededNoise(1), False)])
def test_it_says_where_the_noise_came_from(
    make_problem: Callable[..., HeadProblem], finish: Any, source: Any, certifies: bool
) -> None:
    _, revision = finish(operator, make_problem(), SETTINGS, source)
    assert revision.noise_certifies is certifies
    assert revision.noise == source.description
    assert revision.mechanism == "residual"


def test_the_forget_set_is_never_read(make_problem: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, silence)
    _, other = finish(residual_head.operator, make_problem(forget_pixels=None), SETTINGS, silence)
    np.testing.assert_array_equal(one.weights, other.weights)
