"""Tests of how mechanisms recompute their noise from recorded parameters."""

from __future__ import annotations

import math
import re

import pytest

from napari_unlearn.privacy import gaussian_dp, gradient_clipping, model_clipping, pnsgd
from napari_unlearn.privacy.mechanisms import MECHANISMS

GAUSSIAN = ["residual", "gradient-clipping", "blockwise", "output-perturbation", "pnsgd", "newton-step", "composition"]


@pytest.mark.parametrize("name", MECHANISMS)
def test_recorded_parameters_give_the_noise_that_was_drawn(make_certificate, name):
    parameters = make_certificate(name).parameters
    mechanism = MECHANISMS[name]
    assert {*mechanism.parameters, "sigma"} == set(parameters)
    assert mechanism.needed_sigma(parameters, 1.0, 1e-5, 1) == pytest.approx(parameters["sigma"], rel=1e-12)
    assert mechanism.contradictions(parameters) == []


@pytest.mark.parametrize("name", GAUSSIAN)
def test_gaussian_attempts_cost_their_square_root(make_certificate, name):
    parameters = make_certificate(name).parameters
    mechanism = MECHANISMS[name]
    four = mechanism.needed_sigma(parameters, 1.0, 1e-5, 4)
    assert four == pytest.approx(2 * parameters["sigma"], rel=1e-12)
    mu = mechanism.mu(dict(parameters) | {"sigma": four})
    assert gaussian_dp.epsilon(gaussian_dp.attempts(mu, 4), 1e-5) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("name", GAUSSIAN)
def test_earlier_attempts_cost_what_they_cost(make_certificate, name):
    parameters = dict(make_certificate(name).parameters) | {"earlier_mu": 0.2}
    mechanism = MECHANISMS[name]
    sigma = mechanism.needed_sigma(parameters, 1.0, 1e-5, 2)
    total = gaussian_dp.compose([0.2, mechanism.mu(parameters | {"sigma": sigma})])
    assert gaussian_dp.epsilon(total, 1e-5) == pytest.approx(1, rel=1e-9)
    with pytest.raises(ValueError, match=r"earlier attempts alone have mu 0\.3, but the budget allows 0\.268"):
        mechanism.needed_sigma(parameters | {"earlier_mu": 0.3}, 1.0, 1e-5, 2)
    with pytest.raises(ValueError, match="earlier_mu must be a finite number larger than 0"):
        mechanism.needed_sigma(parameters | {"earlier_mu": 0}, 1.0, 1e-5, 2)


def test_attempts_of_model_clipping_share_the_budget(make_certificate):
    parameters = make_certificate("model-clipping").parameters
    mechanism = MECHANISMS["model-clipping"]
    three = mechanism.needed_sigma(parameters, 1.0, 1e-5, 3)
    reached = model_clipping.delta(1 / 3, model_radius=2.0, sigma=three, steps=12)
    assert reached == pytest.approx(1e-5 / 3, rel=1e-9)
    assert mechanism.mu(parameters) is None


def test_residual_compares_two_approximate_runs(make_certificate):
    parameters = make_certificate("residual").parameters
    distance = parameters["residual_bound"] / parameters["strong_convexity"]
    assert parameters["sensitivity"] == pytest.approx(2 * distance)
    assert MECHANISMS["residual"].mu(parameters) == pytest.approx(2 * distance / parameters["sigma"])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"residual_bound": 2e-6}, "sensitivity is recorded as 0.0002, but twice .* is 0.0004"),
        ({"sensitivity": 1e-4}, "sensitivity is recorded as 0.0001, but twice .* is 0.0002"),
    ],
)
def test_residual_parameters_that_contradict_each_other_are_named(make_certificate, changed, sentence):
    parameters = dict(make_certificate("residual").parameters) | changed
    (failure,) = MECHANISMS["residual"].contradictions(parameters)
    assert re.search(sentence, failure)


def test_half_a_step_is_refused(make_certificate):
    for name in ("gradient-clipping", "model-clipping"):
        parameters = dict(make_certificate(name).parameters) | {"steps": 1.5}
        with pytest.raises(ValueError, match="steps must be a whole number"):
            MECHANISMS[name].needed_sigma(parameters, 1.0, 1e-5, 1)
    assert math.isfinite(MECHANISMS["model-clipping"].needed_sigma({"model_radius": 1, "steps": 2.0}, 1.0, 1e-5, 1))


@pytest.mark.parametrize("name", [*GAUSSIAN, "model-clipping"])
def test_earlier_attempts_without_a_mu_leave_less_of_the_budget(make_certificate, name):
    parameters = dict(make_certificate(name).parameters)
    mechanism = MECHANISMS[name]
    alone = mechanism.needed_sigma(parameters, 1.0, 1e-5, 1)
    spent = parameters | {"earlier_epsilon": 2.0, "earlier_delta": 3e-6}
    assert mechanism.needed_sigma(spent, 3.0, 1.3e-5, 2) == pytest.approx(alone, rel=1e-9)
    for budget in ((2.0, 1.3e-5), (3.0, 3e-6)):
        with pytest.raises(ValueError, match="earlier attempts alone cost epsilon 2 and delta 3e-06"):
            mechanism.needed_sigma(spent, *budget, 2)
    with pytest.raises(ValueError, match="earlier_delta must be"):
        mechanism.needed_sigma(parameters | {"earlier_epsilon": 2.0}, 3.0, 1.3e-5, 2)


def test_both_kinds_of_earlier_attempts_are_charged(make_certificate):
    parameters = dict(make_certificate("blockwise").parameters)
    parameters |= {"earlier_mu": 0.2, "earlier_epsilon": 2.0, "earlier_delta": 3e-6}
    mechanism = MECHANISMS["blockwise"]
    sigma = mechanism.needed_sigma(parameters, 3.0, 1.3e-5, 3)
    total = gaussian_dp.compose([0.2, mechanism.mu(parameters | {"sigma": sigma})])
    assert gaussian_dp.epsilon(total, 1e-5) == pytest.approx(1, rel=1e-9)


def test_the_schedule_of_the_noise_is_recomputed(make_certificate):
    parameters = dict(make_certificate("gradient-clipping").parameters)
    numbers = {name: parameters[name] for name in parameters if name not in ("schedule", "sigma")}
    mechanism = MECHANISMS["gradient-clipping"]
    decreasing = gradient_clipping.sigma(1.0, 1e-5, **numbers, decreasing=True)
    assert decreasing < 0.9 * parameters["sigma"]
    assert mechanism.needed_sigma(parameters | {"schedule": 1}, 1.0, 1e-5, 1) == pytest.approx(decreasing, rel=1e-12)
    with pytest.raises(ValueError, match="schedule must be 0 or 1, but it is 0.5"):
        mechanism.needed_sigma(parameters | {"schedule": 0.5}, 1.0, 1e-5, 1)


def test_half_a_block_is_refused(make_certificate):
    parameters = dict(make_certificate("blockwise").parameters) | {"blocks": 2.5}
    with pytest.raises(ValueError, match="blocks must be a whole number"):
        MECHANISMS["blockwise"].needed_sigma(parameters, 1.0, 1e-5, 1)


def test_what_an_attempt_of_model_clipping_cost_is_recomputed(make_certificate):
    parameters = dict(make_certificate("model-clipping").parameters)
    contradictions = MECHANISMS["model-clipping"].contradictions
    assert contradictions(parameters) == []
    for name in parameters:
        (failure,) = contradictions(parameters | {name: parameters[name] * 2})
        assert re.search(r"This attempt is said to have delta .* its numbers give", failure)


def test_two_runs_together_cost_the_root_of_the_sum_of_squares():
    mechanism = MECHANISMS["composition"]
    numbers = {"first_mu": 0.3, "second_mu": 0.4, "sigma": 1.0}
    assert mechanism.mu(numbers) == pytest.approx(0.5)
    assert mechanism.mu(numbers) == pytest.approx(gaussian_dp.compose([0.3, 0.4]))
    assert mechanism.mu(numbers | {"first_mu": 0.0}) == pytest.approx(0.4)
    (failure,) = mechanism.contradictions(numbers | {"sigma": 2.0})
    assert "units of noise 1, no other" in failure
    with pytest.raises(ValueError, match="first_mu must be"):
        mechanism.mu(numbers | {"first_mu": -0.1})


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"distance": 5.0}, "The distance is recorded as 5, but its numbers give 6."),
        ({"earlier_distance": 1.0, "projection_radius": 90.0}, "The distance is recorded as 6, but its numbers give 5"),
        ({"smoothness": 2.1}, "A step size of 0.5 is too long for a smoothness of 2.1."),
        ({"images": 13}, "13 images in batches of 4 count as 16, not as 12."),
    ],
)
def test_numbers_of_noisy_training_that_contradict_each_other_are_named(make_certificate, changed, sentence):
    parameters = dict(make_certificate("pnsgd").parameters) | changed
    (failure,) = MECHANISMS["pnsgd"].contradictions(parameters)
    assert failure.startswith(sentence)


def test_composed_cases_and_any_start_have_a_part_in_the_numbers_of_noisy_training(make_certificate):
    plain = dict(make_certificate("pnsgd").parameters)
    contradictions = MECHANISMS["pnsgd"].contradictions
    assert contradictions(plain | {"composed": 0, "any_start": 0}) == []
    assert contradictions(plain | {"composed": 5, "n": 16}) == []
    (failure,) = contradictions(plain | {"composed": 5})
    assert failure == "15 images in batches of 4 count as 16, not as 12."
    assert contradictions(plain | {"any_start": 1, "distance": 6.0}) == []
    far = plain | {"projection_radius": 1e6}
    near = pnsgd.relabelled_distance(feature_radius=2.0, strong_convexity=0.05, projection_radius=1e6)
    assert contradictions(far | {"distance": near}) == []
    (failure,) = contradictions(far | {"distance": near, "any_start": 1})
    assert failure.endswith("but its numbers give 2e+06.")


def test_a_newton_step_that_understates_its_sensitivity_is_named(make_certificate):
    parameters = dict(make_certificate("newton-step").parameters) | {"sensitivity": 1e-9}
    (failure,) = MECHANISMS["newton-step"].contradictions(parameters)
    assert failure.startswith("The sensitivity is recorded as 1e-09, but its numbers give ")
