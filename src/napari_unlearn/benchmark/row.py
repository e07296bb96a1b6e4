"""One line of the table of a benchmark: which model in which setting, and what was measured of it. Imports no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

COARSE, ORACLE, SCRATCH = "coarse", "oracle", "scratch"
"""Models beside the operators: in use before, fitted to unbiased fine masks, fitted anew to the refined cases alone."""

REFERENCE = " from the public start"
"""Ends the name of the same recipe without the model in use."""


@dataclass(frozen=True)
class Trial:
    """One model in one setting; what has no part in a model is None or empty there.

    Attributes
    ----------
    source, encoder : str
        Where cases and the public encoder come from.
    cases, size : int
        Training cases, and the long side of the working grid in pixels.
    classes : int
        Background included.
    correlation : float or None
        Of artefact and diagnosis in training; None where the data set decides.
    seed : int
        Of everything drawn at random but privacy noise.
    coarse : str
        ``box`` or ``dilation``.
    fine : float or None
        Share of the training cases that are refined.
    swaps : int or None
        Composed cases per refined case.
    model : str
        ``coarse``, ``oracle``, ``scratch`` or the name of an operator.
    epsilon, delta : float or None
        Budget of a certified operator.
    """

    source: str
    encoder: str
    cases: int
    size: int
    classes: int
    correlation: float | None
    seed: int
    coarse: str
    fine: float | None
    swaps: int | None
    model: str
    epsilon: float | None = None
    delta: float | None = None

    @property
    def ground(self) -> tuple[int, float | None, int]:
        """What decides about images: classes, correlation and seed."""
        return self.classes, self.correlation, self.seed


@dataclass(frozen=True)
class Numbers:
    """What was measured; None where it was not.

    Attributes
    ----------
    tier : str
        ``exact``, ``certified`` or ``empirical``; empty for a model that is no operator's.
    dice_aligned, dice_conflicting : float or None
        Lesion against background on the test cases where artefact and diagnosis agree, and where they conflict.
    worst_class_dice : float or None
        Least Dice of a class but background on either split.
    auroc_aligned, auroc_conflicting, shortcut_gap : float or None
        Of the pooled score, and the first minus the second.
    leakage, counterfactual_shift : float or None
        On conflicting cases: normalised S_global, nats per predicted pixel, and what an artefact does to the score.
    loss_before, loss_worst, loss_after : float or None
        Retain loss of the model in use, the largest during a certified run, and that of its result, nats.
    seconds : float or None
        Wall clock of the operator or fit itself.
    failure : str
        Why there is no model, or what is wrong with it: one sentence.
    """

    tier: str = ""
    dice_aligned: float | None = None
    dice_conflicting: float | None = None
    worst_class_dice: float | None = None
    auroc_aligned: float | None = None
    auroc_conflicting: float | None = None
    shortcut_gap: float | None = None
    leakage: float | None = None
    counterfactual_shift: float | None = None
    loss_before: float | None = None
    loss_worst: float | None = None
    loss_after: float | None = None
    seconds: float | None = None
    failure: str = ""


@dataclass(frozen=True)
class Row:
    """A trial and its numbers.

    Attributes
    ----------
    trial : Trial
        What was measured; the table holds it once.
    numbers : Numbers
        What came out.
    """

    trial: Trial
    numbers: Numbers

    def cells(self) -> dict[str, str]:
        """Text by column; floats so that they read back as the same number."""
        parts = ((part, field.name) for part in (self.trial, self.numbers) for field in fields(part))
        return {name: _written(getattr(part, name)) for part, name in parts}

    @classmethod
    def from_cells(cls, cells: Mapping[str, str]) -> Row:
        """Row from text.

        Raises
        ------
        KeyError, ValueError
            A column is missing, or holds something else.
        """
        return cls(Trial(**_read(Trial, cells)), Numbers(**_read(Numbers, cells)))


COLUMNS = tuple(field.name for part in (Trial, Numbers) for field in fields(part))
"""Of the table."""


def _written(value: object) -> str:
    # NaN is no number: the cell stays empty.
    missing = value is None or (isinstance(value, float) and not math.isfinite(value))
    return "" if missing else repr(value) if isinstance(value, float) else str(value)


_KINDS: dict[type, dict[str, Any]] = {part: get_type_hints(part) for part in (Trial, Numbers)}


def _read(part: type[Trial] | type[Numbers], cells: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(kind, cells[name]) for name, kind in _KINDS[part].items()}


def _value(kind: Any, text: str) -> Any:
    if kind is str:
        return text
    if kind is int:
        return int(text)
    if text == "":
        return None
    return int(text) if kind == int | None else float(text)
