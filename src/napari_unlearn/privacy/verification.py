"""Whether the claim of a certificate follows from the numbers that it records.

Nothing of the claim is taken on trust but the recorded measurements: noise, mu and budget are recomputed. That the
digests belong to the files is checked by whoever has the files.
"""

from __future__ import annotations

import math
import string

from napari_unlearn.privacy.accountant import ACCOUNTANT
from napari_unlearn.privacy.certificate import CERTIFIED, COVERED, EMPIRICAL, EXACT, NOT_COVERED, Certificate
from napari_unlearn.privacy.mechanisms import MECHANISMS, RELATIVE_TOLERANCE, Mechanism
from napari_unlearn.privacy.noise import OperatingSystemNoise

NONE_NEEDED, NONE = "none-needed", "none"
"""What an exact and an empirical run name as their mechanism."""

HASHES = ("retain_masks", "model_in", "model_out")
"""Digests that every certificate records; one that guarantees something also records ``public_encoder``."""


def check(certificate: Certificate) -> list[str]:
    """Return one sentence for every reason not to believe a certificate; an empty list if it holds.

    Parameters
    ----------
    certificate
        As recorded, see `Certificate.from_dict`.

    Returns
    -------
    list of str
        Failures, for a person to read.
    """
    failures = _TIER_CHECKS[certificate.tier](certificate)
    if certificate.tier != EMPIRICAL:
        failures += _assumption_failures(certificate)
    return failures + _tensor_failures(certificate) + _hash_failures(certificate) + _version_failures(certificate)


def _check_exact(certificate: Certificate) -> list[str]:
    failures = []
    if certificate.mechanism != NONE_NEEDED:
        failures.append(f"An exact run needs no mechanism, but {certificate.mechanism!r} is named.")
    if (certificate.epsilon, certificate.delta) != (0, 0) or certificate.mu not in (0, None):
        failures.append(
            "An exact run has epsilon 0, delta 0 and mu 0, but the certificate claims "
            f"epsilon {certificate.epsilon}, delta {certificate.delta} and mu {certificate.mu}."
        )
    return failures


def _check_empirical(certificate: Certificate) -> list[str]:
    failures = []
    if certificate.mechanism != NONE:
        failures.append(f"An empirical run has no mechanism, but {certificate.mechanism!r} is named.")
    if (certificate.epsilon, certificate.delta, certificate.mu) != (None, None, None):
        failures.append(
            "An empirical run guarantees nothing, so it must not state an epsilon, delta or mu, but the certificate "
            f"states epsilon {certificate.epsilon}, delta {certificate.delta} and mu {certificate.mu}."
        )
    return failures


def _check_certified(certificate: Certificate) -> list[str]:
    failures = []
    if certificate.noise != OperatingSystemNoise.description:
        failures.append(
            f"Not certified: the noise came from {certificate.noise!r}, and only the operating system's entropy counts."
        )
    mechanism = MECHANISMS.get(certificate.mechanism)
    if mechanism is None:
        known = ", ".join(MECHANISMS)
        return [*failures, f"The mechanism {certificate.mechanism!r} is not one that certifies, which are: {known}."]
    missing = [name for name in (*mechanism.parameters, "sigma") if name not in certificate.parameters]
    failures += [f"The certificate does not record the parameter {name!r}." for name in missing]
    if certificate.epsilon is None or certificate.delta is None:
        return [*failures, "A certified run must state its epsilon and its delta."]
    if not certificate.epsilon > 0:
        failures.append(f"The epsilon of a certified run must be larger than 0, but it is {certificate.epsilon:g}.")
    if missing or failures:
        return failures
    try:
        return _number_failures(certificate, mechanism, certificate.epsilon, certificate.delta)
    except ValueError as error:
        return [f"The recorded numbers are out of range: {error}"]


def _number_failures(certificate: Certificate, mechanism: Mechanism, epsilon: float, delta: float) -> list[str]:
    parameters, attempts = certificate.parameters, certificate.attempts
    failures = mechanism.contradictions(parameters)
    sigma, needed = parameters["sigma"], mechanism.needed_sigma(parameters, epsilon, delta, attempts)
    if sigma < needed * (1 - RELATIVE_TOLERANCE):
        failures.append(
            f"The noise has sigma {sigma:g}, but epsilon {epsilon:g} and delta {delta:g} need at least {needed:g} "
            f"with {attempts} attempt{'s' if attempts > 1 else ''}."
        )
    mu = mechanism.mu(parameters)
    if mu is None or certificate.mu is None:
        if mu is not certificate.mu:
            failures.append(f"The certificate states mu as {certificate.mu}, but the mechanism has mu {mu}.")
    elif not math.isclose(mu, certificate.mu, rel_tol=RELATIVE_TOLERANCE):
        failures.append(f"The certificate states mu as {certificate.mu:g}, but its parameters give {mu:g}.")
    return failures


def _assumption_failures(certificate: Certificate) -> list[str]:
    if not certificate.assumptions:
        return ["The certificate names no assumption, and no guarantee is without one."]
    return [
        f"An assumption does not hold: {assumption.sentence} (checked: {assumption.checked})"
        for assumption in certificate.assumptions
        if not assumption.holds
    ]


def _tensor_failures(certificate: Certificate) -> list[str]:
    groups = certificate.tensors
    names = [name for group in groups for name in group.names]
    failures = [f"The tensor {name!r} is listed twice." for name in sorted({n for n in names if names.count(n) > 1})]
    covers = any(group.role == COVERED for group in groups)
    if certificate.tier == EMPIRICAL:
        return failures + (["An empirical run guarantees nothing, but its tensors are said to be covered."] * covers)
    if not covers:
        failures.append("The certificate names no tensor that it covers.")
    return failures + [
        f"No guarantee covers {', '.join(group.names)}: {group.provenance}"
        for group in groups
        if group.role == NOT_COVERED
    ]


def _hash_failures(certificate: Certificate) -> list[str]:
    required = HASHES if certificate.tier == EMPIRICAL else (*HASHES, "public_encoder")
    missing = [f"The hash of {name!r} is missing." for name in required if name not in certificate.hashes]
    digests = [*certificate.hashes.items(), *((group.role, group.sha256) for group in certificate.tensors)]
    malformed = [
        f"The hash of {name!r} is not a SHA-256 digest of 64 hexadecimal digits."
        for name, digest in digests
        if len(digest) != 64 or not set(digest) <= set(string.hexdigits)
    ]
    return missing + malformed


def _version_failures(certificate: Certificate) -> list[str]:
    accountant = certificate.versions.get("accountant")
    # Older numbers are recomputed like new ones; of newer formulas nothing can be said.
    if accountant is None or not accountant.isdecimal():
        return ["The certificate does not say which version of the formulas ('accountant') its numbers come from."]
    if int(accountant) > int(ACCOUNTANT):
        return [
            f"The numbers come from version {accountant} of the formulas, but this napari-unlearn knows version "
            f"{ACCOUNTANT}; update it."
        ]
    return []


_TIER_CHECKS = {EXACT: _check_exact, CERTIFIED: _check_certified, EMPIRICAL: _check_empirical}
