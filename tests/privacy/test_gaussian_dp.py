"""Tests of the trade between epsilon, delta and mu."""

from __future__ import annotations

import json
import math
from pathlib import Path

import dp_accounting
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from napari_unlearn.privacy import gaussian_dp

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["gdp_core"]
EPSILONS = st.floats(1e-3, 50)
DELTAS = st.floats(-30, -0.1).map(math.exp)
MUS = st.floats(1e-3, 20)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    inputs, outputs = vector["inputs"], vector["outputs"]
    if "mu_star" in outputs:
        assert gaussian_dp.mu(**inputs) == pytest.approx(outputs["mu_star"], rel=1e-9)
        unit = gaussian_dp.gaussian_sigma(1.0, **inputs)
        assert unit == pytest.approx(outputs["sigma_unit_sensitivity_analytic"], rel=1e-9)
    else:
        assert gaussian_dp.epsilon(**inputs) == pytest.approx(outputs["epsilon_exact"], rel=1e-9)


@pytest.mark.parametrize("delta", [1e-12, 1e-5, 1e-2])
@pytest.mark.parametrize("mu", [0.05, 0.7, 4.0])
def test_an_independent_accountant_agrees(mu, delta):
    theirs = dp_accounting.get_epsilon_gaussian(1 / mu, delta)
    assert gaussian_dp.epsilon(mu, delta) == pytest.approx(theirs, rel=1e-9)
    if theirs > 0:
        sigma = dp_accounting.get_sigma_gaussian(theirs, delta)
        assert gaussian_dp.gaussian_sigma(1.0, theirs, delta) == pytest.approx(sigma, rel=1e-9)


@pytest.mark.parametrize("mu", [1e-3, 0.09999, 0.1, 1.0, 6.0])
@pytest.mark.parametrize("epsilon", [0.0, 1e-3, 0.3, 2.0])
def test_delta_is_the_hockey_stick_divergence_of_two_normals(epsilon, mu):
    start = epsilon / mu + mu / 2

    def excess(x):
        return stats.norm.pdf(x, mu) - math.exp(epsilon) * stats.norm.pdf(x)

    expected, _ = integrate.quad(excess, start, start + 12, epsabs=0, epsrel=1e-10)
    assert gaussian_dp.delta(epsilon, mu) == pytest.approx(expected, rel=1e-7, abs=1e-300)


@given(EPSILONS, DELTAS)
def test_mu_spends_the_budget_exactly(epsilon, delta):
    mu = gaussian_dp.mu(epsilon, delta)
    assert gaussian_dp.delta(epsilon, mu) == pytest.approx(delta, rel=1e-9)
    assert gaussian_dp.epsilon(mu, delta) == pytest.approx(epsilon, rel=1e-9)


@given(MUS, DELTAS)
def test_epsilon_spends_delta_exactly_unless_delta_alone_is_enough(mu, delta):
    epsilon = gaussian_dp.epsilon(mu, delta)
    if epsilon == 0:
        assert gaussian_dp.delta(0, mu) <= delta * (1 + 1e-9)
    else:
        assert gaussian_dp.log_delta(epsilon, mu) == pytest.approx(math.log(delta), abs=1e-7)


@given(EPSILONS, MUS, st.floats(1.001, 2))
def test_delta_falls_with_epsilon_and_rises_with_mu(epsilon, mu, factor):
    here = gaussian_dp.log_delta(epsilon, mu)
    assert gaussian_dp.log_delta(epsilon * factor, mu) <= here
    assert gaussian_dp.log_delta(epsilon, mu * factor) >= here


@given(EPSILONS, DELTAS, st.floats(1.001, 2))
def test_mu_rises_with_either_part_of_the_budget(epsilon, delta, factor):
    here = gaussian_dp.mu(epsilon, delta)
    assert gaussian_dp.mu(epsilon * factor, delta) > here
    assert gaussian_dp.mu(epsilon, min(delta * factor, 0.99)) > here


@given(EPSILONS, st.floats(0.02, 0.0999))
def test_the_two_ways_to_compute_delta_join(epsilon, mu):
    below, above = (gaussian_dp.log_delta(epsilon * 0.1, 0.1 * side) for side in (1 - 1e-13, 1 + 1e-13))
    assert below == pytest.approx(above, rel=1e-9)
    assert math.isfinite(gaussian_dp.log_delta(epsilon, mu))


@pytest.mark.parametrize("epsilon", [0.0, 1e-300, 1e-12, 1.0, 1e3, 1e10, 1e300])
@pytest.mark.parametrize("delta", [1e-320, 1e-300, 1e-5, 0.5, 1 - 1e-12])
def test_extreme_budgets_give_finite_positive_mu_that_rises(epsilon, delta):
    mu = gaussian_dp.mu(epsilon, delta)
    assert 0 < mu < math.inf
    assert mu <= gaussian_dp.mu(epsilon * 2 + 1, delta)
    assert gaussian_dp.epsilon(mu, delta) == pytest.approx(epsilon, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("mu", [1e-300, 1e-10, 1.0, 1e5, 1e155, 1e300])
def test_extreme_mu_stays_in_range(mu):
    values = [gaussian_dp.log_delta(epsilon, mu) for epsilon in (0.0, 1e-20, 1.0, 1e5, 1e300)]
    assert values == sorted(values, reverse=True)
    assert values[0] <= 0
    assert not np.isnan(values).any()


def test_tails_that_a_float_cannot_hold_keep_their_logarithm():
    assert gaussian_dp.delta(100, 1) == 0
    assert gaussian_dp.log_delta(100, 1) == pytest.approx(stats.norm.logsf(99.5), rel=1e-2)


def test_nothing_to_hide_costs_nothing():
    assert gaussian_dp.delta(0, 0) == 0
    assert gaussian_dp.epsilon(0, 1e-5) == 0
    assert gaussian_dp.gaussian_sigma(0, 1, 1e-5) == 0


def test_composition_is_the_root_of_the_sum_of_squares():
    assert gaussian_dp.compose([3, 4]) == 5
    assert gaussian_dp.compose([]) == 0
    assert gaussian_dp.compose([0.3] * 7) == pytest.approx(gaussian_dp.attempts(0.3, 7))
    assert gaussian_dp.attempts(0.3, 1) == 0.3


def test_composition_agrees_with_an_independent_accountant():
    mu = gaussian_dp.compose([0.5, 0.25, 1.0])
    accountant = dp_accounting.rdp.RdpAccountant()
    for one in (0.5, 0.25, 1.0):
        accountant.compose(dp_accounting.GaussianDpEvent(1 / one))
    # The accountant bounds the same composition from above through Renyi divergences.
    assert gaussian_dp.epsilon(mu, 1e-5) == pytest.approx(accountant.get_epsilon(1e-5), rel=0.15)
    assert gaussian_dp.epsilon(mu, 1e-5) < accountant.get_epsilon(1e-5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: gaussian_dp.delta(-1, 1), "epsilon must be"),
        (lambda: gaussian_dp.delta(1, -1), "mu must be"),
        (lambda: gaussian_dp.epsilon(math.nan, 0.1), "mu must be"),
        (lambda: gaussian_dp.epsilon(1, 0), "delta must lie"),
        (lambda: gaussian_dp.mu(1, 1), "delta must lie"),
        (lambda: gaussian_dp.mu(math.inf, 0.1), "epsilon must be"),
        (lambda: gaussian_dp.attempts(1, 0), "the number of attempts must be"),
        (lambda: gaussian_dp.compose([1, -1]), "mu must be"),
        (lambda: gaussian_dp.gaussian_sigma(-1, 1, 0.1), "sensitivity must be"),
        (lambda: gaussian_dp.gaussian_mu(1, 0), "sigma must be"),
    ],
)
def test_numbers_out_of_range_are_named(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
