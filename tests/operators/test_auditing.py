"""Auditing operators: the claims stand, and a copy with a tenth of the noise is caught."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from napari_unlearn.operators import auditing
from napari_unlearn.operators.auditing import OperatorAudit, ThinnedNoise, audit_operator, results
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, Revision, Step
from napari_unlearn.operators.registry import available, info
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.audit import Audit
from napari_unlearn.privacy.noise import SeededNoise

CERTIFIED = [operator for operator in available() if operator.tier == "certified"]
RUNS = 200


@pytest.mark.parametrize("operator", CERTIFIED, ids=lambda operator: operator.name)
def test_what_is_claimed_is_not_refuted(operator: OperatorInfo) -> None:
    found = audit_operator(operator, RUNS)
    assert found.epsilon <= found.claimed == 1.0
    assert not found.refuted
    if found.mu is not None:
        assert found.mu <= gaussian_dp.mu(1.0, 1e-5) * (1 + 1e-9)


@pytest.mark.parametrize("operator", CERTIFIED, ids=lambda operator: operator.name)
def test_a_copy_with_a_tenth_of_the_noise_is_caught(operator: OperatorInfo) -> None:
    found = audit_operator(operator, RUNS, thinned=10)
    assert found.epsilon > 1.5
    assert found.refuted


@pytest.mark.parametrize("operator", CERTIFIED, ids=lambda operator: operator.name)
def test_the_audit_sees_something_where_much_is_allowed(operator: OperatorInfo) -> None:
    found = audit_operator(operator, RUNS, epsilon=8.0)
    assert 0 < found.epsilon <= 8


class Scripted:
    """An operator that adds noise of its own choice to the weights in use, whatever the budget."""

    def steps(
        self, problem: Any, settings: Any, budget: Any, noise: Any, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        yield Step(0, 1, "Working")
        yield Revision(problem.original + noise.gaussian(problem.original.shape, 2.0), "output-perturbation", NUMBERS)


NUMBERS = {"radius": 1.0, "sigma": 2.0 / gaussian_dp.mu(1.0, 1e-5)}


def test_an_operator_that_forgets_the_clip_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "load", lambda _: Scripted())
    assert audit_operator(info("output-perturbation"), RUNS).refuted


def test_results_are_those_of_independent_runs() -> None:
    starts = auditing.worst_starts(info("output-perturbation"))
    noise = SeededNoise(0)
    found, last = results(Scripted(), starts.first, starts.settings, Budget(1.0, 1e-5), noise, 400)
    assert found.shape == (400, starts.first.original.size)
    np.testing.assert_array_equal(found[-1], last.weights.ravel())
    assert np.std(found, axis=0) == pytest.approx(2.0, rel=0.15)
    assert np.abs(np.corrcoef(found[:-1, 0], found[1:, 0])[0, 1]) < 0.2


def test_thinned_noise_is_thinner_and_certifies_nothing() -> None:
    thin, whole = ThinnedNoise(SeededNoise(5), 10.0), SeededNoise(5)
    np.testing.assert_allclose(thin.gaussian((3, 4), 2.0), whole.gaussian((3, 4), 0.2))
    assert not thin.certifies
    assert thin.description == "a 10th of fixed seed 5, for tests"


@pytest.mark.parametrize(("mu", "epsilon"), [(0.2, 3.0), (None, 2.0)])
def test_the_bound_by_way_of_mu_counts_for_gaussian_dp_only(mu: float | None, epsilon: float) -> None:
    found = OperatorAudit(Audit(2.0, 0.5, 3.0, 1e-5, 0.99, 100), mu, 2.5)
    assert found.epsilon == epsilon
    assert found.refuted is (epsilon > 2.5)


def test_the_same_seed_finds_the_same() -> None:
    operator = info("output-perturbation")
    assert audit_operator(operator, 20, seed=3) == audit_operator(operator, 20, seed=3)
    one, other = (audit_operator(operator, 40, seed=seed, thinned=10) for seed in (3, 4))
    assert one != other
