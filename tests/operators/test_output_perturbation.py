"""One Gaussian against its definition, and against the mistakes that are easily made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings, OutputPerturbationSettings
from napari_unlearn.operators.gradient_clipping import operator as gradient_clipping
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.output_perturbation import operator
from napari_unlearn.operators.protocol import Learned
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.noise import SeededNoise
from napari_unlearn.privacy.verification import check

SETTINGS = OutputPerturbationSettings(strength=0.01, radius=0.7, finetune=0)


@pytest.fixture
def problem(make_problem: Callable[..., HeadProblem]) -> HeadProblem:
    return make_problem()


def test_it_is_a_clip_and_one_gaussian(problem: HeadProblem, finish: Any, planned: Any) -> None:
    steps, revision = finish(operator, problem, SETTINGS, planned())
    original, sigma = problem.original, 2 * 0.7 / gaussian_dp.mu(1.0, 1e-5)
    assert np.linalg.norm(original) > 0.7
    drawn = planned().gaussian((3, 5), sigma)
    np.testing.assert_allclose(revision.weights, original * 0.7 / np.linalg.norm(original) + drawn, rtol=1e-12)
    assert revision.numbers == {"radius": 0.7, "sigma": pytest.approx(sigma, rel=1e-12)}
    for mistake in (original + drawn, original * 0.7 / np.linalg.norm(original, axis=1, keepdims=True) + drawn):
        assert np.abs(revision.weights - mistake).max() > 1e-3
    assert "loss" in steps[0].metrics


def test_a_model_inside_the_ball_is_not_moved(
    make_problem: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    inside = np.full((3, 5), 0.1)
    _, revision = finish(operator, make_problem(original=inside), SETTINGS, silence)
    np.testing.assert_array_equal(revision.weights, inside)
    assert silence.asked == [((3, 5), pytest.approx(1.4 / gaussian_dp.mu(1.0, 1e-5)))]


def test_the_ball_lies_about_the_public_start(problem: HeadProblem, finish: Any, silence: Any) -> None:
    class Moved(HeadProblem):
        public = np.full((3, 5), 0.8)

    moved = Moved(problem.retain_pixels, None, problem.original, problem.classes, problem.strength)
    _, revision = finish(operator, moved, SETTINGS, silence)
    assert np.linalg.norm(revision.weights - 0.8) == pytest.approx(0.7)
    np.testing.assert_array_equal(revision.reference, Moved.public)


def test_it_is_gradient_clipping_with_one_step_and_no_gradient(problem: HeadProblem, finish: Any, planned: Any) -> None:
    step = GradientClippingSettings(
        strength=0.01, initial_radius=0.7, gradient_radius=1e-9, step_size=1e-3, decay=0.0, steps=1, finetune=0
    )
    _, one = finish(gradient_clipping, problem, step, planned())
    _, other = finish(operator, problem, SETTINGS, planned())
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-9)


def test_the_noise_has_that_spread(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    wide, source = make_problem(original=np.zeros((3, 2000))), SeededNoise(5)

    class Still(HeadProblem):
        def loss_and_gradient(self, weights: Any, rng: np.random.Generator) -> tuple[float, Any]:
            return 0.0, np.zeros_like(weights)

        def learn(self, start: Any, rounds: int, rng: np.random.Generator, tolerance: float = 0.0) -> Any:
            yield Learned(start, 0.0, None)

    still = Still(wide.retain_pixels, None, wide.original, 3, wide.strength)
    _, revision = finish(operator, still, SETTINGS, source)
    spread = np.sum(revision.weights**2) / (1.4 / gaussian_dp.mu(1.0, 1e-5)) ** 2
    low, high = chi2(6000).ppf([1e-6, 1 - 1e-6])
    assert low < spread < high


def test_the_reference_is_the_same_fit_from_the_public_start(problem: HeadProblem, finish: Any) -> None:
    _, revision = finish(operator, problem, replace(SETTINGS, finetune=30))
    np.testing.assert_allclose(revision.weights, revision.reference, atol=1e-6)
    _, short = finish(operator, problem, replace(SETTINGS, finetune=1))
    assert np.abs(short.weights - short.reference).max() > 1e-3


def test_the_forget_set_is_never_read(make_problem: Callable[..., HeadProblem], finish: Any, planned: Any) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, planned())
    _, other = finish(operator, make_problem(forget_pixels=None), SETTINGS, planned())
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.noise_certifies is False


def test_its_certificate_holds_and_no_number_of_it_can_be_changed(
    problem: HeadProblem, finish: Any, certify: Any
) -> None:
    _, revision = finish(operator, problem, SETTINGS)
    assert check(certify(revision)) == []
    for name, value in revision.numbers.items():
        for factor in (1.001, 0.999):
            assert check(certify(revision, **{name: value * factor})) != [], name


def test_a_budget_that_is_none_is_refused(problem: HeadProblem, finish: Any) -> None:
    with pytest.raises(UserError, match="epsilon must be"):
        finish(operator, problem, SETTINGS, epsilon=-1.0)
