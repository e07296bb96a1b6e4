"""Tests of whether a certificate's claim follows from its numbers."""

from __future__ import annotations

import re

import pytest

from napari_unlearn.privacy import Assumption, SeededNoise, TensorGroup, check, gaussian_dp
from napari_unlearn.privacy.mechanisms import MECHANISMS

GUARANTEES = ["none-needed", *MECHANISMS]


def only_failure(certificate):
    """What is wrong with a certificate that has just one fault."""
    (failure,) = check(certificate)
    return failure


@pytest.mark.parametrize("mechanism", [*GUARANTEES, "none"])
def test_honest_certificates_hold(make_certificate, mechanism):
    assert check(make_certificate(mechanism)) == []


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("changed", [{"epsilon": 0.99}, {"delta": 0.99e-5}, {"attempts": 2}])
def test_a_claim_beyond_the_noise_fails(make_certificate, mechanism, changed):
    assert re.search(r"The noise has sigma .* need at least", only_failure(make_certificate(mechanism, **changed)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_less_noise_than_needed_fails(make_certificate, mechanism):
    parameters = dict(make_certificate(mechanism).parameters)
    parameters["sigma"] *= 0.999
    failures = check(make_certificate(mechanism, parameters=parameters))
    assert any("need at least" in failure for failure in failures)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_weaker_claim_than_the_noise_allows_holds(make_certificate, mechanism):
    assert check(make_certificate(mechanism, epsilon=2.0, delta=1e-4)) == []


@pytest.mark.parametrize("mechanism", [name for name in MECHANISMS if name != "model-clipping"])
def test_more_attempts_hold_with_the_epsilon_they_cost(make_certificate, mechanism):
    cost = gaussian_dp.epsilon(gaussian_dp.attempts(gaussian_dp.mu(1.0, 1e-5), 3), 1e-5)
    assert check(make_certificate(mechanism, attempts=3, epsilon=cost)) == []
    assert check(make_certificate(mechanism, attempts=3, epsilon=cost * 0.999)) != []


BALL = ["gradient-clipping", "blockwise", "output-perturbation", "model-clipping", "composition"]


@pytest.mark.parametrize("mechanism", BALL)
@pytest.mark.parametrize("factor", [2, 0.5])
def test_no_number_of_a_certified_ball_can_be_changed(make_certificate, mechanism, factor):
    parameters = dict(make_certificate(mechanism).parameters)
    for name, value in parameters.items():
        changed = value * factor if value else 1.0
        failures = check(make_certificate(mechanism, parameters=parameters | {name: changed}))
        assert failures, name


def test_a_costly_earlier_attempt_is_charged_in_full(make_certificate):
    earlier = gaussian_dp.mu(8.0, 1e-5)
    parameters = {**make_certificate().parameters, "earlier_mu": earlier}
    total = gaussian_dp.epsilon(gaussian_dp.compose([earlier, gaussian_dp.mu(1.0, 1e-5)]), 1e-5)
    assert check(make_certificate(attempts=2, parameters=parameters, epsilon=total)) == []
    assert re.search(
        "earlier attempts alone", only_failure(make_certificate(attempts=2, parameters=parameters, epsilon=4.0))
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_parameter_is_needed_by_name(make_certificate, mechanism):
    parameters = make_certificate(mechanism).parameters
    for name in parameters:
        rest = {other: value for other, value in parameters.items() if other != name}
        assert re.search(
            f"does not record the parameter '{name}'", only_failure(make_certificate(mechanism, parameters=rest))
        )


def test_further_parameters_do_no_harm(make_certificate):
    parameters = {**make_certificate().parameters, "counterfactual": 8}
    assert check(make_certificate(parameters=parameters)) == []


def test_numbers_out_of_range_become_a_sentence(make_certificate):
    parameters = {**make_certificate("output-perturbation").parameters, "radius": -2.0}
    assert re.search(
        "out of range: radius must be", only_failure(make_certificate("output-perturbation", parameters=parameters))
    )
    assert re.search("out of range: delta must lie", only_failure(make_certificate(delta=1.0)))


def test_another_mu_than_the_parameters_give_fails(make_certificate):
    assert re.search("states mu as 0.2, but its parameters give 0.268", only_failure(make_certificate(mu=0.2)))
    assert re.search("states mu as None, but the mechanism has mu 0.268", only_failure(make_certificate(mu=None)))
    assert re.search(
        "states mu as 0.3, but the mechanism has mu None", only_failure(make_certificate("model-clipping", mu=0.3))
    )


def test_the_sensitivity_of_one_exact_run_is_not_enough(make_certificate):
    parameters = {
        name: value / 2 if name in ("sensitivity", "sigma") else value
        for name, value in make_certificate().parameters.items()
    }
    failures = check(make_certificate(parameters=parameters))
    assert any("twice the residual bound" in failure for failure in failures)
    assert any("need at least" in failure for failure in failures)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_noise_with_a_seed_certifies_nothing(make_certificate, mechanism):
    seeded = make_certificate(mechanism, noise=SeededNoise(0).description)
    assert re.search("Not certified: the noise came from 'fixed seed 0, for tests'", only_failure(seeded))
    assert re.search("Not certified", only_failure(make_certificate(mechanism, noise="none")))


def test_a_certified_run_needs_a_budget_and_a_known_mechanism(make_certificate):
    assert re.search("must state its epsilon and its delta", only_failure(make_certificate(epsilon=None)))
    assert re.search("must state its epsilon and its delta", only_failure(make_certificate(delta=None)))
    assert re.search("must be larger than 0, but it is 0", only_failure(make_certificate(epsilon=0.0)))
    assert re.search("'newton-lca' is not one that certifies", only_failure(make_certificate("newton-lca", mu=None)))


def test_an_exact_run_claims_nothing_but_zero(make_certificate):
    assert re.search("has epsilon 0, delta 0 and mu 0", only_failure(make_certificate("none-needed", epsilon=0.1)))
    assert re.search("has epsilon 0, delta 0 and mu 0", only_failure(make_certificate("none-needed", delta=None)))
    assert re.search("has epsilon 0, delta 0 and mu 0", only_failure(make_certificate("none-needed", mu=0.1)))
    assert check(make_certificate("none-needed", mu=0.0)) == []
    assert re.search(
        "needs no mechanism", only_failure(make_certificate("residual", tier="exact", epsilon=0.0, delta=0.0, mu=None))
    )


@pytest.mark.parametrize("claim", [{"epsilon": 1.0}, {"delta": 1e-5}, {"mu": 0.1}, {"epsilon": 0.0, "delta": 0.0}])
def test_an_empirical_run_claims_nothing(make_certificate, claim):
    assert re.search("guarantees nothing, so it must not state", only_failure(make_certificate("none", **claim)))


def test_an_empirical_run_names_no_mechanism(make_certificate):
    numbers = {"epsilon": None, "delta": None, "mu": None, "tensors": make_certificate("none").tensors}
    assert re.search(
        "has no mechanism, but 'residual'", only_failure(make_certificate("residual", tier="empirical", **numbers))
    )


@pytest.mark.parametrize("mechanism", GUARANTEES)
def test_every_assumption_must_hold(make_certificate, mechanism):
    broken = Assumption("The start is public.", "compared digests", False)
    held = make_certificate(mechanism).assumptions
    assert re.search(
        r"does not hold: The start is public\. \(checked: compared digests\)",
        only_failure(make_certificate(mechanism, assumptions=(*held, broken))),
    )
    assert re.search("names no assumption", only_failure(make_certificate(mechanism, assumptions=())))


@pytest.mark.parametrize("mechanism", GUARANTEES)
@pytest.mark.parametrize("name", ["retain_masks", "model_in", "model_out", "public_encoder"])
def test_every_hash_is_needed(make_certificate, mechanism, name):
    hashes = {other: digest for other, digest in make_certificate().hashes.items() if other != name}
    assert re.search(f"The hash of '{name}' is missing", only_failure(make_certificate(mechanism, hashes=hashes)))


def test_an_empirical_run_needs_no_public_encoder(make_certificate):
    hashes = dict.fromkeys(("retain_masks", "model_in", "model_out"), 64 * "0")
    assert check(make_certificate("none", hashes=hashes)) == []


@pytest.mark.parametrize("digest", ["abc", 64 * "g", 65 * "a"])
def test_hashes_are_sha256(make_certificate, digest):
    hashes = {**make_certificate().hashes, "model_in": digest}
    assert re.search("'model_in' is not a SHA-256 digest", only_failure(make_certificate(hashes=hashes)))


def _group(role="covered", names=("head.weights",), sha256=64 * "b"):
    return TensorGroup(role, "a reason.", sha256, names)


@pytest.mark.parametrize("mechanism", GUARANTEES)
def test_a_tensor_that_is_not_covered_leaves_no_guarantee(make_certificate, mechanism):
    stray = _group("not covered", ("optimiser.exp_avg",))
    assert re.search(
        r"No guarantee covers optimiser\.exp_avg: a reason\.",
        only_failure(make_certificate(mechanism, tensors=(_group(), stray))),
    )


@pytest.mark.parametrize("mechanism", GUARANTEES)
def test_a_guarantee_covers_something(make_certificate, mechanism):
    for tensors in ((), (_group("frozen public"),)):
        assert re.search("names no tensor that it covers", only_failure(make_certificate(mechanism, tensors=tensors)))


def test_an_empirical_run_covers_nothing(make_certificate):
    assert re.search("its tensors are said to be covered", only_failure(make_certificate("none", tensors=(_group(),))))


def test_a_tensor_has_one_provenance(make_certificate):
    twice = (_group(), _group("frozen public", ("encoder.a", "head.weights")))
    assert re.search("The tensor 'head.weights' is listed twice", only_failure(make_certificate(tensors=twice)))


def test_digests_of_tensors_are_sha256(make_certificate):
    assert re.search(
        "'covered' is not a SHA-256 digest", only_failure(make_certificate(tensors=(_group(sha256="abc"),)))
    )


@pytest.mark.parametrize(
    ("accountant", "pattern"),
    [
        ({}, "does not say which version of the formulas"),
        ({"accountant": "x"}, "does not say which version"),
        ({"accountant": "999"}, "come from version 999 of the formulas, but this napari-unlearn knows version"),
    ],
)
def test_the_version_of_the_formulas_is_known(make_certificate, accountant, pattern):
    assert re.search(pattern, only_failure(make_certificate(versions={"numpy": "2.0", **accountant})))


def test_all_failures_are_told_at_once(make_certificate):
    worst = make_certificate(epsilon=0.5, assumptions=(), hashes={}, noise="dice")
    assert len(check(worst)) >= 6
