"""What an evaluation found, split by split, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.evaluation.classification import shortcut_gap, split_ending
from napari_unlearn.evaluation.counterfactuals import Counterfactuals
from napari_unlearn.evaluation.delong import Placements, independent_difference
from napari_unlearn.evaluation.groups import GroupAuroc
from napari_unlearn.evaluation.interval import Measured, mean_over_cases
from napari_unlearn.evaluation.leakage import SplitLeakage


@dataclass(frozen=True, eq=False)
class CaseNumbers:
    """What intervals and comparisons need to know of every case of a split.

    Attributes
    ----------
    dice : ndarray of float64, shape (N,)
        Of lesion against background; NaN where neither mask has a lesion.
    area : Placements or None
        What each case adds to the AUROC.
    counterfactuals : Counterfactuals
        Scores of changed images of some of the cases.
    groups : tuple of GroupAuroc
        AUROC within groups.
    resamples, seed : int
        Of the bootstrap over cases.
    """

    dice: NDArray[np.float64]
    area: Placements | None
    counterfactuals: Counterfactuals
    groups: tuple[GroupAuroc, ...]
    resamples: int
    seed: int

    def measured(self) -> dict[str, Measured | None]:
        """Dice, AUROC and counterfactual shift with their intervals."""
        shifts = self.counterfactuals.shifts
        return {
            "dice": self._mean(self.dice, (0.0, 1.0)),
            "auroc": None if self.area is None else self.area.measured(),
            "counterfactual_shift": self._mean(shifts, (-1.0, 1.0)),
        }

    def change_from(self, before: CaseNumbers) -> dict[str, Measured | None]:
        """Compare with another model on the same cases, pair by pair.

        Parameters
        ----------
        before : CaseNumbers
            Of the other model.

        Returns
        -------
        dict of str to Measured
            This model minus the other.
        """
        both = self.area is not None and before.area is not None
        shifts = self.counterfactuals.shifts - before.counterfactuals.shifts
        return {
            "dice": self._mean(self.dice - before.dice, (-1.0, 1.0)),
            "auroc": (self.area - before.area).measured() if both else None,  # type: ignore[operator]
            "counterfactual_shift": self._mean(shifts, (-2.0, 2.0)),
        }

    def _mean(self, values: NDArray[np.float64], limits: tuple[float, float]) -> Measured | None:
        return mean_over_cases(values[~np.isnan(values)], limits, self.resamples, self.seed)


@dataclass(frozen=True, eq=False)
class SplitEvaluation:
    """Numbers of one split.

    Attributes
    ----------
    cases : int
        Cases that count: those with a fine mask.
    dice : float or None
        Mean over cases, lesion against background.
    dice_per_class : list
        Pooled over pixels, background first.
    auroc : float or None
        Of the pooled score against the diagnosis.
    leakage : dict or None
        ``s_global`` and ``normalised`` in nats, ``low`` and ``high`` of the latter; None without artefact maps.
    leakage_per_artefact : dict of str to float
        Normalised leakage of each kind of artefact that occurs.
    leakage_map : ndarray of float32, shape (h, w), or None
        Nats a pixel, of the class that leaks most.
    counterfactual_shift : float or None
        Mean change of the score by the artefact; None where it cannot be measured.
    leakage_behind : SplitLeakage or None
        What the leakage was measured on, with its details; None without artefact maps.
    behind : CaseNumbers or None
        What the other numbers were measured on.
    """

    cases: int
    dice: float | None
    dice_per_class: list[float | None]
    auroc: float | None
    leakage: dict[str, float] | None
    leakage_per_artefact: dict[str, float]
    leakage_map: NDArray[np.float32] | None
    counterfactual_shift: float | None
    leakage_behind: SplitLeakage | None = None
    behind: CaseNumbers | None = None

    def interval(self, name: str) -> Measured | None:
        """Return ``dice``, ``auroc`` or ``counterfactual_shift`` with its interval; None where it is not known."""
        return None if self.behind is None else self.behind.measured()[name]

    def to_json(self) -> dict[str, Any]:
        """The numbers without the map."""
        behind = self.behind
        return {
            "dice": self.dice,
            "dice_per_class": self.dice_per_class,
            "auroc": self.auroc,
            "leakage": self.leakage,
            "leakage_per_artefact": self.leakage_per_artefact,
            "leakage_detail": None if self.leakage_behind is None else self.leakage_behind.to_json(),
            "counterfactual_shift": self.counterfactual_shift,
            "cases": self.cases,
            "intervals": {} if behind is None else as_json(behind.measured()),
            "groups": [] if behind is None else [each.to_json() for each in behind.groups],
            "counterfactuals": {} if behind is None else behind.counterfactuals.to_json(behind.resamples, behind.seed),
            "change": None,
        }


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Numbers of all splits.

    Attributes
    ----------
    splits : dict of str to SplitEvaluation
        By name.
    """

    splits: dict[str, SplitEvaluation] = field(default_factory=dict)

    @property
    def shortcut_gap(self) -> float | None:
        """AUROC where shortcut and diagnosis agree minus AUROC where they conflict."""
        return shortcut_gap({name: split.auroc for name, split in self.splits.items()})

    def gap(self) -> Measured | None:
        """The shortcut gap with its interval; the two splits have no case in common."""
        areas = [_area(split_ending(self.splits, ending)) for ending in ("aligned", "conflicting")]
        return None if areas[0] is None or areas[1] is None else independent_difference(areas[0], areas[1])

    def gap_change_from(self, before: Evaluation) -> Measured | None:
        """Shortcut gap minus that of another model on the same cases.

        Parameters
        ----------
        before : Evaluation
            Of the other model.

        Returns
        -------
        Measured or None
        """
        changes = []
        for ending in ("aligned", "conflicting"):
            first, last = (_area(split_ending(each.splits, ending)) for each in (before, self))
            if first is None or last is None:
                return None
            changes.append(last - first)
        return independent_difference(*changes)

    def to_json(self) -> dict[str, Any]:
        """The object that ``evaluate --json`` prints."""
        gap = self.gap()
        detail = {"low": None, "high": None} if gap is None else {"low": gap.low, "high": gap.high}
        return {
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "shortcut_gap": self.shortcut_gap,
            "shortcut_gap_detail": {**detail, "change": None},
        }


def as_json(numbers: dict[str, Measured | None]) -> dict[str, Any]:
    """Numbers with their intervals as JSON holds them."""
    return {name: None if each is None else each.to_json() for name, each in numbers.items()}


def _area(split: SplitEvaluation | None) -> Placements | None:
    return None if split is None or split.behind is None else split.behind.area
