"""The record of what one unlearning run guarantees, with every number that is needed to check it again.

Boundary: this module says what a certificate is made of and refuses a malformed one; whether its claim is true is
decided in `verification`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from napari_unlearn.privacy.noise import NO_NOISE, OperatingSystemNoise

EXACT, CERTIFIED, EMPIRICAL = TIERS = ("exact", "certified", "empirical")
"""The kinds of guarantee. Exact: as if never seen. Certified: (epsilon, delta). Empirical: measured only, no
guarantee."""

COVERED, IMAGES_ONLY, FROZEN_PUBLIC, NOT_COVERED = ROLES = ("covered", "images only", "frozen public", "not covered")
"""What a tensor of the revised model is to the guarantee. Covered: all that labels ever touched, which the operator
replaced. Images only: computed from images, never from labels. Frozen public: no label of the data set ever touched
it. Not covered: everything else."""

FORMAT = 2
"""Version of the file. The first one named neither tensors nor accountant."""


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
            raise ValueError(f"The assumption's field 'holds' must be true or false, but it is {_shown(self.holds)}.")


@dataclass(frozen=True)
class TensorGroup:
    """Tensors of the revised model that the guarantee treats alike.

    Attributes
    ----------
    role
        One of `ROLES`.
    provenance
        Where their numbers come from, in plain words.
    sha256
        Digest over their names, types, shapes and numbers.
    names
        As the model's file names them.
    """

    role: str
    provenance: str
    sha256: str
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"The role of a tensor must be one of {', '.join(ROLES)}, but it is {_shown(self.role)}.")
        _check_text("tensors' provenance", self.provenance)
        _check_text("tensors' digest", self.sha256)
        names: Any = self.names
        if not isinstance(names, tuple) or not names or not all(isinstance(name, str) for name in names):
            raise ValueError(
                f"The tensors' names must be a list of texts that is not empty, but it is {_shown(names)}."
            )


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
        ``none-needed`` for an exact run, ``none`` for an empirical one, else what the noise was calibrated for, one of
        `mechanisms.MECHANISMS`.
    epsilon, delta
        The guarantee, over all attempts together; 0 and 0 for an exact run, None for an empirical one.
    mu
        Of the Gaussian DP of one attempt; None where the mechanism has none.
    attempts
        Number of runs on these data that were looked at, this one included.
    parameters
        The numbers that sigma is recomputed from, and sigma itself, by the names the mechanism's functions use.
        ``earlier_mu``, if recorded, is the mu of all earlier attempts; without it they count as repeats of this one.
    noise
        Description of the source of the noise, ``none`` if there was none.
    assumptions
        What the guarantee rests on.
    tensors
        Every tensor of the revised model, in exactly one group.
    hashes
        SHA-256 digests by what was hashed, such as ``retain_masks``, ``model_in``, ``model_out``, ``public_encoder``.
    versions
        Versions of the software, by name; ``accountant`` is that of the formulas of this package.
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
    attempts: int
    parameters: Mapping[str, float]
    noise: str
    assumptions: tuple[Assumption, ...]
    tensors: tuple[TensorGroup, ...]
    hashes: Mapping[str, str]
    versions: Mapping[str, str]
    created: str

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise ValueError(
                f"The certificate's tier must be one of {', '.join(TIERS)}, but it is {_shown(self.tier)}."
            )
        for name in ("operator", "mechanism", "noise", "created"):
            _check_text(f"certificate's field '{name}'", getattr(self, name))
        for name in ("epsilon", "delta", "mu"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name))
        for name, check in (("parameters", _check_number), ("hashes", _check_text), ("versions", _check_text)):
            _check_mapping(name, getattr(self, name))
            for key, value in getattr(self, name).items():
                check(f"{name}: {_shown(key)[1:-1]}", value)
        _check_count("attempts", self.attempts)
        _check_time(self.created)

    @property
    def status(self) -> str:
        """What the run is worth, in words: its stamp."""
        if self.tier == EXACT:
            return "exact: as if the forgotten labels had never been seen"
        if self.tier == CERTIFIED:
            return "certified: the forgotten labels are hidden up to epsilon and delta"
        if self.noise not in (NO_NOISE, OperatingSystemNoise.description):
            return f"not certified: the noise can be repeated ({self.noise}), so the run is a test"
        return "empirical: measured only, nothing is guaranteed"

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as JSON can hold it."""
        record = asdict(self)
        for name in ("assumptions", "tensors"):
            record[name] = [asdict(entry) for entry in getattr(self, name)]
        for group in record["tensors"]:
            group["names"] = list(group["names"])
        return {"format": FORMAT, "status": self.status, **record}

    def to_text(self) -> str:
        """Return the certificate as its file holds it: indented JSON that ends with the digest of all before it."""
        record = self.to_dict()
        return _json({**record, "digest": hashlib.sha256(_json(record).encode()).hexdigest()})

    @classmethod
    def from_text(cls, text: str) -> Certificate:
        """Return the certificate of a file.

        That the text is the very one of `to_text`, digest included, is for the reader to compare.

        Raises
        ------
        ValueError
            The text is no JSON, or a field is missing, unknown or malformed; the sentence names it.
        """
        try:
            record = json.loads(text)
        except RecursionError as error:
            raise ValueError("The certificate is nested too deeply to be read.") from error
        if isinstance(record, dict):
            record.pop("digest", None)
        return cls.from_dict(record)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Certificate:
        """Return the certificate that `to_dict` made this record of.

        Raises
        ------
        ValueError
            A field is missing, unknown or malformed; the sentence names it.
        """
        if not isinstance(record, Mapping):
            raise ValueError(f"The certificate must be a set of named fields, but it is {_shown(record)}.")
        values = dict(record)
        _check_format(values.pop("format", 1))
        if "status" not in values:
            raise ValueError("The certificate has no field 'status'.")
        status = values.pop("status")
        _check_fields("certificate", cls, values)
        values["assumptions"] = tuple(
            Assumption(**entry) for entry in _entries("assumptions", Assumption, values["assumptions"])
        )
        values["tensors"] = tuple(
            TensorGroup(**{**entry, "names": tuple(entry["names"])})
            for entry in _entries("tensors", TensorGroup, values["tensors"])
        )
        certificate = cls(**values)
        if status != certificate.status:
            raise ValueError(
                f"The certificate's field 'status' must be {certificate.status!r} by its other fields, but it is "
                f"{_shown(status)}."
            )
        return certificate


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _check_format(number: object) -> None:
    if number == 1:
        raise ValueError(
            "It was written by an earlier version of napari-unlearn, whose certificates named neither tensors nor "
            "accountant; run the operator again with this version."
        )
    if number != FORMAT or isinstance(number, bool):
        raise ValueError(
            f"Its format is {_shown(number)}, but this version of napari-unlearn knows format {FORMAT}; update it."
        )


def _entries(name: str, kind: type[Assumption] | type[TensorGroup], entries: object) -> list[Mapping[str, Any]]:
    if not isinstance(entries, (list, tuple)):
        raise ValueError(f"The certificate's field '{name}' must be a list, but it is {_shown(entries)}.")
    for entry in entries:
        _check_fields(f"certificate's entry in '{name}'", kind, entry)
        if kind is TensorGroup and not isinstance(entry["names"], (list, tuple)):
            raise ValueError(f"The tensors' names must be a list of texts, but it is {_shown(entry['names'])}.")
    return list(entries)


def _check_fields(what: str, kind: type[Certificate | Assumption | TensorGroup], record: object) -> None:
    if not isinstance(record, Mapping):
        raise ValueError(f"The {what} must be a set of named fields, but it is {_shown(record)}.")
    names = [field.name for field in fields(kind)]
    for name in names:
        if name not in record:
            raise ValueError(f"The {what} has no field '{name}'.")
    for name in record:
        if name not in names:
            raise ValueError(f"The {what} has a field {_shown(name)} that is not known.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _check_text(what: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"The {what} must be a text that is not empty, but it is {_shown(value)}.")


def _check_number(what: str, value: Any) -> None:
    try:
        finite = not isinstance(value, bool) and isinstance(value, (int, float)) and math.isfinite(value)
    except OverflowError:  # a whole number with more digits than any computation here can take
        finite = False
    if not finite:
        raise ValueError(f"The certificate's field '{what}' must be a finite number, but it is {_shown(value)}.")


def _check_count(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(
            f"The certificate's field '{what}' must be a whole number, 1 or more, but it is {_shown(value)}."
        )


def _check_mapping(what: str, value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) and key for key in value):
        raise ValueError(f"The certificate's field '{what}' must be a set of named values, but it is {_shown(value)}.")


def _check_time(value: str) -> None:
    try:
        zone = datetime.fromisoformat(value).tzinfo
    except ValueError:
        zone = None
    if zone is None:
        raise ValueError(
            f"The certificate's field 'created' must be a date and time with its time zone, but it is {_shown(value)}."
        )
