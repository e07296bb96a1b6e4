"""The record of what one unlearning run guarantees, with every number that is needed to check it again.

Boundary: this module says what a certificate is made of and refuses a malformed one; whether its claim is true is
decided in `verification`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

EXACT, CERTIFIED, EMPIRICAL = TIERS = ("exact", "certified", "empirical")
"""The kinds of guarantee. Exact: as if never seen. Certified: (epsilon, delta). Empirical: measured only, no
guarantee."""


@dataclass(frozen=True)
class Assumption:
    """Something that the guarantee rests on.

    Attributes
    ----------
    sentence
        What is assumed, in plain words.
    checked
        How it was checked in this run.
    holds
        Whether the check passed.
    """

    sentence: str
    checked: str
    holds: bool

    def __post_init__(self) -> None:
        _check_text("assumption's sentence", self.sentence)
        _check_text("assumption's check", self.checked)
        if not isinstance(self.holds, bool):
            raise ValueError(f"The assumption's field 'holds' must be true or false, but it is {self.holds!r}.")


@dataclass(frozen=True)
class Certificate:
    """What one run guarantees.

    Attributes
    ----------
    tier
        One of `TIERS`.
    operator
        Name of the operator.
    mechanism
        ``none-needed`` for an exact run, ``none`` for an empirical one, else what the noise was calibrated for:
        ``residual``, ``gradient-clipping``, ``output-perturbation`` or ``model-clipping``.
    epsilon, delta
        The guarantee, over all attempts together; 0 and 0 for an exact run, None for an empirical one.
    mu
        Of the Gaussian DP of one attempt; None where the mechanism has none.
    parameters
        The numbers that sigma is recomputed from, and sigma itself, by the names the mechanism's functions use.
        ``earlier_mu``, if recorded, is the mu of all earlier attempts; without it they count as repeats of this one.
    assumptions
        What the guarantee rests on.
    hashes
        SHA-256 digests by what was hashed, such as ``retain_masks``, ``model_in``, ``model_out``, ``public_encoder``.
    attempts
        Number of runs on these data that were looked at, this one included.
    versions
        Versions of the software, by name.
    noise
        Description of the source of the noise, ``none`` if there was none.
    created
        When the run ended, ISO 8601 with the time zone.

    Raises
    ------
    ValueError
        A field has the wrong type, is empty, or is not finite; the sentence names it.
    """

    tier: str
    operator: str
    mechanism: str
    epsilon: float | None
    delta: float | None
    mu: float | None
    parameters: Mapping[str, float]
    assumptions: tuple[Assumption, ...]
    hashes: Mapping[str, str]
    attempts: int
    versions: Mapping[str, str]
    noise: str
    created: str

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise ValueError(f"The certificate's tier must be one of {', '.join(TIERS)}, but it is {self.tier!r}.")
        for name in ("operator", "mechanism", "noise", "created"):
            _check_text(f"certificate's field '{name}'", getattr(self, name))
        for name in ("epsilon", "delta", "mu"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name))
        for name, check in (("parameters", _check_number), ("hashes", _check_text), ("versions", _check_text)):
            _check_mapping(name, getattr(self, name))
            for key, value in getattr(self, name).items():
                check(f"{name}: {key}", value)
        _check_count("attempts", self.attempts)
        _check_time(self.created)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as JSON can hold it."""
        return {**asdict(self), "assumptions": [asdict(assumption) for assumption in self.assumptions]}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Certificate:
        """Return the certificate that `to_dict` made this record of.

        Raises
        ------
        ValueError
            A field is missing, unknown or malformed; the sentence names it.
        """
        _check_fields("certificate", cls, record)
        assumptions = record["assumptions"]
        if not isinstance(assumptions, (list, tuple)):
            raise ValueError(f"The certificate's field 'assumptions' must be a list, but it is {assumptions!r}.")
        for assumption in assumptions:
            _check_fields("certificate's assumption", Assumption, assumption)
        return cls(**{**record, "assumptions": tuple(Assumption(**assumption) for assumption in assumptions)})


def _check_fields(what: str, kind: type[Certificate] | type[Assumption], record: object) -> None:
    if not isinstance(record, Mapping):
        raise ValueError(f"The {what} must be a set of named fields, but it is {record!r}.")
    names = [field.name for field in fields(kind)]
    for name in names:
        if name not in record:
            raise ValueError(f"The {what} has no field '{name}'.")
    for name in record:
        if name not in names:
            raise ValueError(f"The {what} has a field '{name}' that is not known.")


def _check_text(what: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"The {what} must be a text that is not empty, but it is {value!r}.")


def _check_number(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"The certificate's field '{what}' must be a finite number, but it is {value!r}.")


def _check_count(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"The certificate's field '{what}' must be a whole number, 1 or more, but it is {value!r}.")


def _check_mapping(what: str, value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key for key in value):
        raise ValueError(f"The certificate's field '{what}' must be a set of named values, but it is {value!r}.")


def _check_time(value: str) -> None:
    try:
        zone = datetime.fromisoformat(value).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise ValueError(
            f"The certificate's field 'created' must be a date and time with its time zone, but it is {value!r}."
        )
