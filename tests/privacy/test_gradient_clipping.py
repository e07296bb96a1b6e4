"""Tests of noisy fine-tuning with clipped gradients."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.privacy import gaussian_dp, gradient_clipping, output_perturbation

ALL_VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
VECTORS = ALL_VECTORS["gradient_clipping_noreg"] + ALL_VECTORS["gradient_clipping_reg"]

SETTINGS = st.fixed_dictionaries(
    {
        "initial_radius": st.floats(0.01, 50),
        "gradient_radius": st.floats(0, 50),
        "step_size": st.floats(1e-4, 0.1),
        "steps": st.integers(1, 300),
        "decay": st.floats(0, 9.9),
    }
)
BUDGETS = st.tuples(st.floats(0.05, 10), st.floats(1e-8, 1e-2))


def _settings(inputs):
    return {
        "initial_radius": inputs["C0"],
        "gradient_radius": inputs["C1"],
        "step_size": inputs["gamma"],
        "steps": inputs["T"],
        "decay": inputs["lam"],
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    settings = _settings(inputs)
    sigma = gradient_clipping.sigma(inputs["epsilon"], inputs["delta"], **settings)
    assert sigma == pytest.approx(outputs["sigma_exact_gdp"], rel=1e-9)
    if "shift" in outputs:
        expected = outputs["shift"] / math.sqrt(outputs["noise_gain"])
        assert gradient_clipping.sensitivity(**settings) == pytest.approx(expected, rel=1e-9)
    if "mu_at_theorem_sigma" in outputs:
        mu = gradient_clipping.mu(outputs["sigma_theorem"], **settings)
        assert mu == pytest.approx(outputs["mu_at_theorem_sigma"], rel=1e-9)
        epsilon = gaussian_dp.epsilon(mu, inputs["delta"])
        assert epsilon == pytest.approx(outputs["epsilon_exact_at_theorem_sigma"], rel=1e-9)
        assert (sigma <= outputs["sigma_theorem"]) is outputs["theorem_sigma_is_sufficient"]


@pytest.mark.parametrize("vector", ALL_VECTORS["blockwise_nft"], ids=lambda vector: vector["id"])
def test_the_best_number_of_steps_is_where_blockwise_fine_tuning_stops(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    settings = _settings(inputs | {"T": 1})
    settings.pop("steps")
    steps = gradient_clipping.best_steps(**settings)
    assert abs(steps - outputs["T_opt_real"]) < 1
    pull = inputs["lam"] * inputs["C0"] / inputs["C1"]
    assert math.log1p(-pull) / math.log1p(-inputs["gamma"] * inputs["lam"]) == pytest.approx(outputs["T_opt_real"])
    # A whole number of steps can only need more noise than the best real one, and hardly more.
    sigma = gradient_clipping.sigma(inputs["epsilon"], inputs["delta"], steps=steps, **settings)
    assert outputs["sigma_exact_gdp"] * (1 - 1e-12) <= sigma < outputs["sigma_exact_gdp"] * 1.001


@given(SETTINGS)
def test_sensitivity_is_the_closed_form_summed_by_hand(settings):
    ratio = 1 - settings["step_size"] * settings["decay"]
    powers = np.arange(settings["steps"])
    shift = 2 * settings["initial_radius"] * ratio ** settings["steps"]
    shift += 2 * settings["step_size"] * settings["gradient_radius"] * math.fsum(ratio**powers)
    expected = shift / math.sqrt(math.fsum(ratio ** (2 * powers)))
    assert gradient_clipping.sensitivity(**settings) == pytest.approx(expected, rel=1e-10)


@given(SETTINGS)
def test_the_division_of_the_shift_over_the_steps_is_feasible(settings):
    # What is left of the shift after each step must not be negative; squares of the parts add up to mu^2 sigma^2.
    ratio = 1 - settings["step_size"] * settings["decay"]
    step = 2 * settings["step_size"] * settings["gradient_radius"]
    gap = gradient_clipping.sensitivity(**settings)
    parts = ratio ** np.arange(settings["steps"] - 1, -1, -1)
    parts *= gap / np.linalg.norm(parts)
    left = 2 * settings["initial_radius"]
    largest = left + step
    for part in parts:
        left = ratio * left + step - part
        assert left >= -1e-9 * largest
    assert left == pytest.approx(0, abs=1e-9 * largest)


@given(SETTINGS, BUDGETS)
def test_the_noise_spends_the_budget_exactly(settings, budget):
    sigma = gradient_clipping.sigma(*budget, **settings)
    assert gradient_clipping.mu(sigma, **settings) == pytest.approx(gaussian_dp.mu(*budget), rel=1e-12)


@given(SETTINGS, BUDGETS, st.floats(1.01, 3))
def test_more_to_hide_needs_more_noise_and_more_budget_less(settings, budget, factor):
    sigma = gradient_clipping.sigma(*budget, **settings)
    for name in ("initial_radius", "gradient_radius"):
        assert gradient_clipping.sigma(*budget, **settings | {name: settings[name] * factor}) >= sigma
    epsilon, delta = budget
    assert gradient_clipping.sigma(epsilon * factor, delta, **settings) < sigma
    assert gradient_clipping.sigma(epsilon, delta * factor, **settings) < sigma


@given(SETTINGS, BUDGETS)
def test_vanishing_decay_is_no_decay(settings, budget):
    none = gradient_clipping.sigma(*budget, **settings | {"decay": 0.0})
    for decay in (1e-300, 1e-15, 1e-10):
        assert gradient_clipping.sigma(*budget, **settings | {"decay": decay}) == pytest.approx(none, rel=1e-7)


@given(SETTINGS, BUDGETS)
def test_without_decay_decreasing_noise_is_constant(settings, budget):
    settings["decay"] = 0.0
    constant = gradient_clipping.sigma(*budget, **settings)
    assert gradient_clipping.sigma(*budget, **settings, decreasing=True) == pytest.approx(constant, rel=1e-10)
    assert gradient_clipping.noise_schedule(2.0, step_size=0.1, steps=3, decreasing=True) == [2.0, 2.0, 2.0]


def test_vanishing_decay_is_no_decay_for_decreasing_noise():
    settings = {"initial_radius": 1.0, "gradient_radius": 2.0, "step_size": 0.1, "steps": 50, "decreasing": True}
    none = gradient_clipping.sensitivity(**settings)
    assert gradient_clipping.sensitivity(**settings, decay=1e-12) == pytest.approx(none, rel=1e-9)


@given(SETTINGS)
def test_decreasing_noise_leaves_the_same_trace_in_the_result_at_every_step(settings):
    ratio = 1 - settings["step_size"] * settings["decay"]
    numbers = {name: settings[name] for name in ("step_size", "steps", "decay")}
    if (1 - settings["steps"]) * math.log(ratio) > math.log(gradient_clipping.MOST_GROWTH):
        with pytest.raises(ValueError, match="start more than 1e\\+06 times larger than it ends"):
            gradient_clipping.noise_schedule(0.7, **numbers, decreasing=True)
        with pytest.raises(ValueError, match="keep the noise constant"):
            gradient_clipping.sensitivity(**settings, decreasing=True)
    else:
        sigmas = gradient_clipping.noise_schedule(0.7, **numbers, decreasing=True)
        np.testing.assert_allclose(sigmas * ratio ** np.arange(settings["steps"] - 1, -1, -1), 0.7, rtol=1e-9)
    assert gradient_clipping.noise_schedule(0.7, **numbers) == [0.7] * settings["steps"]


@pytest.mark.parametrize(
    ("decay", "steps"), [(0.5, 3), (0.5, 12), (3.0, 4), (3.0, 25)], ids=["short", "long", "strong", "strong and long"]
)
def test_decreasing_noise_is_charged_only_for_what_can_be_hidden_in_time(decay, steps):
    settings = {"initial_radius": 1.0, "gradient_radius": 2.0, "step_size": 0.1, "steps": steps, "decay": decay}
    ratio, step = 1 - 0.1 * decay, 2 * 0.1 * 2.0
    # In units of the result, the distance that could have been hidden up to each step; all noises weigh the same.
    limits = 2 * ratio**steps + np.cumsum(step * ratio ** np.arange(steps - 1, -1, -1))
    # The cheapest way below them is straight up to where it touches, and along them from there.
    costs = [limits[t] ** 2 / (t + 1) + np.sum(np.diff(limits[t:]) ** 2) for t in range(steps)]
    slopes = limits / np.arange(1, steps + 1)
    expected = math.sqrt(costs[int(np.argmin(slopes))])
    assert gradient_clipping.sensitivity(**settings, decreasing=True) == pytest.approx(expected, rel=1e-12)
    published = limits[-1] / math.sqrt(steps)
    if steps * step <= limits[-1]:
        assert expected == pytest.approx(published, rel=1e-12)
    else:
        assert expected > published


@given(SETTINGS, BUDGETS)
def test_more_to_hide_needs_more_decreasing_noise_too(settings, budget):
    settings["decay"] = min(settings["decay"], 10 / settings["steps"] / settings["step_size"], 9.9)
    if settings["decay"] * settings["step_size"] > 0.5:
        settings["decay"] /= 10
    sigma = gradient_clipping.sigma(*budget, **settings, decreasing=True)
    for name in ("initial_radius", "gradient_radius"):
        more = settings | {name: settings[name] * 1.5}
        assert gradient_clipping.sigma(*budget, **more, decreasing=True) >= sigma * (1 - 1e-12)
    assert gradient_clipping.sigma(budget[0] * 1.5, budget[1], **settings, decreasing=True) < sigma
    assert gradient_clipping.sigma(budget[0], budget[1] * 1.5, **settings, decreasing=True) < sigma
    assert gradient_clipping.mu(sigma, **settings, decreasing=True) == pytest.approx(gaussian_dp.mu(*budget), rel=1e-12)


@given(st.floats(0.01, 50), BUDGETS)
def test_one_step_without_gradient_is_output_perturbation(radius, budget):
    one = gradient_clipping.sigma(*budget, initial_radius=radius, gradient_radius=0, step_size=0.1, steps=1)
    assert one == pytest.approx(output_perturbation.sigma(*budget, radius=radius), rel=1e-14)


def test_one_dimensional_processes_are_no_easier_to_tell_apart_than_stated():
    # Worst signs of the clipped gradient make both processes Gaussian with means apart by the whole shift.
    settings = {"initial_radius": 1.0, "gradient_radius": 2.0, "step_size": 0.1, "steps": 7, "decay": 3.0}
    apart, variance = 2 * settings["initial_radius"], 0.0
    for _ in range(settings["steps"]):
        apart = (1 - 0.3) * apart + 2 * 0.1 * 2.0
        variance = (1 - 0.3) ** 2 * variance + 1
    assert gradient_clipping.mu(1.0, **settings) == pytest.approx(apart / math.sqrt(variance), rel=1e-12)


@given(SETTINGS)
def test_no_number_of_steps_beats_the_best(settings):
    steps = settings.pop("steps")
    settings["gradient_radius"] += 0.01
    if settings["decay"] * settings["initial_radius"] >= settings["gradient_radius"]:
        with pytest.raises(ValueError, match="no best number of steps"):
            gradient_clipping.best_steps(**settings)
    else:
        best = gradient_clipping.best_steps(**settings)
        least = gradient_clipping.sensitivity(steps=best, **settings)
        for other in (steps, best + 1, max(1, best - 1)):
            assert gradient_clipping.sensitivity(steps=other, **settings) >= least * (1 - 1e-12)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"initial_radius": 0}, "initial_radius must be"),
        ({"gradient_radius": -1}, "gradient_radius must be"),
        ({"step_size": 0}, "step_size must be"),
        ({"steps": 0}, "steps must be"),
        ({"decay": -1}, "decay must be"),
        ({"decay": 10}, r"step_size \* decay must be smaller than 1"),
    ],
)
def test_numbers_out_of_range_are_named(changed, sentence):
    settings = {"initial_radius": 1, "gradient_radius": 1, "step_size": 0.1, "steps": 5, "decay": 1} | changed
    with pytest.raises(ValueError, match=sentence):
        gradient_clipping.sigma(1, 1e-5, **settings)
