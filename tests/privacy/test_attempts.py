"""Tests of what several attempts cost together."""

from __future__ import annotations

import pytest

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.attempts import charge

MU = gaussian_dp.mu(1.0, 1e-5)


def test_the_first_attempt_costs_what_it_costs():
    assert charge(MU, 1.0, 1e-5, []) == (1.0, 1e-5, {})
    assert charge(None, 1.0, 1e-5, []) == (1.0, 1e-5, {})


def test_gaussian_attempts_compose_by_their_squares():
    epsilon, delta, recorded = charge(MU, 1.0, 1e-5, [0.3, 0.4])
    assert epsilon == pytest.approx(gaussian_dp.epsilon((MU**2 + 0.25) ** 0.5, 1e-5))
    assert (delta, recorded) == (1e-5, {"earlier_mu": pytest.approx(0.5)})


def test_an_attempt_without_a_mu_is_added():
    epsilon, delta, recorded = charge(MU, 1.0, 1e-5, [(2.0, 1e-6), (0.5, 2e-6)])
    assert (epsilon, delta) == (pytest.approx(3.5), pytest.approx(1.3e-5))
    assert recorded == {"earlier_epsilon": pytest.approx(2.5), "earlier_delta": pytest.approx(3e-6)}


def test_both_kinds_before_a_gaussian_attempt():
    epsilon, delta, recorded = charge(MU, 1.0, 1e-5, [0.3, (2.0, 1e-6)])
    assert epsilon == pytest.approx(2 + gaussian_dp.epsilon((MU**2 + 0.09) ** 0.5, 1e-5))
    assert delta == pytest.approx(1.1e-5)
    assert set(recorded) == {"earlier_mu", "earlier_epsilon", "earlier_delta"}


def test_both_kinds_before_an_attempt_without_a_mu():
    epsilon, delta, recorded = charge(None, 1.0, 1e-5, [0.3, 0.4, (2.0, 1e-6)])
    spent = gaussian_dp.epsilon(0.5, 1e-5)
    assert (epsilon, delta) == (pytest.approx(3 + spent), pytest.approx(2.1e-5))
    assert recorded == {"earlier_epsilon": pytest.approx(2 + spent), "earlier_delta": pytest.approx(1.1e-5)}
