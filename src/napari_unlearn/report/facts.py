"""What the folder of a run says, read once and checked again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import parse_json
from napari_unlearn.jobs.run_folder import EVENTS, METRICS, MODEL, read_certificate, verify_run
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.registry import available
from napari_unlearn.privacy.certificate import Certificate
from napari_unlearn.privacy.noise import NO_NOISE, OperatingSystemNoise
from napari_unlearn.report.curves import Curve, read_curves

_PARTS = {
    "head": "the head, on a frozen encoder",
    "decoder": "the decoder, on a frozen encoder",
    "all": "the whole network",
}


@dataclass(frozen=True, eq=False)
class RunFacts:
    """A run, as its folder says.

    Attributes
    ----------
    name : str
        Of the folder.
    certificate : Certificate
        As recorded.
    digest : str
        That of the certificate's own last line; "" if it has none.
    failures : tuple of str
        What does not hold, as `verify_run` says now.
    metrics : mapping
        Finite numbers of ``metrics.json``, those of its groups as ``group.name``; empty in an exported folder.
    stopped : str
        Why the operator ended early or its result is useless; "" if neither.
    curves : tuple of Curve
        Of ``events.jsonl``.
    model, encoder : mapping
        Cards of the revised model and of its encoder.
    operator : OperatorInfo or None
        What was run; None where it is not installed.
    """

    name: str
    certificate: Certificate
    digest: str
    failures: tuple[str, ...]
    metrics: Mapping[str, float]
    stopped: str
    curves: tuple[Curve, ...]
    model: Mapping[str, Any]
    encoder: Mapping[str, Any]
    operator: OperatorInfo | None

    @property
    def title(self) -> str:
        """What was run, for people."""
        return self.certificate.operator if self.operator is None else self.operator.title

    @property
    def test_mode(self) -> bool:
        """Whether the noise can be repeated, so that the run is a test."""
        noise = self.certificate.noise
        return self.certificate.tier == "empirical" and noise not in (NO_NOISE, OperatingSystemNoise.description)

    @property
    def withdrawn(self) -> int:
        """How many whole cases were to be forgotten, images and all."""
        return int(self.metrics.get("forgotten_cases", 0))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, background first."""
        names = self.model.get("classes")
        return tuple(str(name) for name in names) if isinstance(names, list) else ()

    @property
    def positive(self) -> str:
        """Name of the class whose probability is the score of a case; "" if the card does not say."""
        place = self.model.get("positive")
        return self.classes[place] if isinstance(place, int) and 0 <= place < len(self.classes) else ""

    @property
    def trained_on(self) -> str:
        """Name of the data set that the model learned from; "" if the card does not say."""
        return str(self.model.get("trained_on") or "")

    @property
    def encoder_name(self) -> str:
        """Architecture and origin of the encoder; "" if the card does not say."""
        name, origin = self.encoder.get("name"), self.encoder.get("trained_on")
        return f"{name}, trained on: {origin}" if name and origin else str(name or "")

    @property
    def revised_part(self) -> str:
        """Which part of the model labels touched, for people; "" if the card does not say."""
        return _PARTS.get(str(self.model.get("trainable")), "")


def read_run(folder: Path) -> RunFacts:
    """Read and check a run.

    Parameters
    ----------
    folder : Path
        A run folder, or an exported one.

    Returns
    -------
    RunFacts

    Raises
    ------
    UserError
        It is no run, or its certificate cannot be read.
    """
    failures = verify_run(folder)
    metrics = _json(folder / METRICS, needed=False)
    certificate = read_certificate(folder)
    card = _json(folder / MODEL / "model.json", needed=True)
    return RunFacts(
        folder.resolve().name,
        certificate,
        str(parse_json(certificate.to_text())["digest"]),
        tuple(failures),
        _numbers(metrics),
        str(metrics.get("stopped") or ""),
        read_curves(folder / EVENTS),
        _mapping(card.get("model")),
        _mapping(card.get("encoder")),
        next((entry for entry in available() if entry.name == certificate.operator), None),
    )


def _json(path: Path, *, needed: bool) -> Mapping[str, Any]:
    try:
        return _mapping(parse_json(path.read_bytes()))
    except (OSError, ValueError) as error:
        if needed:
            raise UserError(f"{path} cannot be read, so nothing can be reported of the model; restore it.") from error
        return {}


def _numbers(values: Mapping[str, Any], group: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, dict) and not group:
            found |= _numbers(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf:
            found[f"{group}{name}"] = value
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
