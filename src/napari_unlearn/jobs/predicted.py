"""What planning found: frozen records, and the object that ``plan --json`` prints."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_LOSS = 0.01
"""A Dice this close to that of the exact refit counts as no loss."""


@dataclass(frozen=True)
class Expected:
    """Predicted numbers.

    Attributes
    ----------
    dice : float or None
        Mean over draws and splits, lesion against background.
    dice_spread : float
        Standard deviation over draws.
    leakage : float or None
        Normalised leakage of the split that leaks most, mean over draws, nats a predicted pixel; None without artefact
        maps.
    leakage_spread : float
        Standard deviation over draws.
    """

    dice: float | None
    dice_spread: float
    leakage: float | None
    leakage_spread: float


@dataclass(frozen=True)
class PlanPoint:
    """One operator at one budget.

    Attributes
    ----------
    operator : str
        Name in the registry.
    epsilon : float
        Budget.
    planned : bool
        Whether the operator has numbers that a plan chooses.
    settings : dict of str to float
        Numbers it runs with, where they differ from its defaults.
    survival : float or None
        Largest share of the model in use that outlives the noise; None where that was not planned.
    noise_norm : float or None
        Norm of the noise over all weights, parameter units.
    certified : Expected
        Of the operator.
    public : Expected
        Of the same recipe from the public start.
    """

    operator: str
    epsilon: float
    planned: bool
    settings: dict[str, float]
    survival: float | None
    noise_norm: float | None
    certified: Expected
    public: Expected


@dataclass(frozen=True)
class PlanResult:
    """What planning found.

    Attributes
    ----------
    dataset, model : Path
        As requested.
    delta : float
        Of every budget.
    counterfactual : int
        Composed cases per refined case.
    given : dict of str to float
        Settings that the user gave.
    draws : int
        Noise draws a point.
    splits : dict of str to int
        Cases measured in each split.
    held_out : bool
        False where the measured cases are the refined training cases, so that every Dice is flattered.
    exact : Expected
        Of the exact refit, epsilon 0.
    points : tuple of PlanPoint
        By operator, then by budget.
    """

    dataset: Path
    model: Path
    delta: float
    counterfactual: int
    given: dict[str, float]
    draws: int
    splits: dict[str, int]
    held_out: bool
    exact: Expected
    points: tuple[PlanPoint, ...]

    @property
    def operators(self) -> tuple[str, ...]:
        """Names, in the order in which they were asked for."""
        return tuple(dict.fromkeys(point.operator for point in self.points))

    def of(self, operator: str) -> tuple[PlanPoint, ...]:
        """Points of one operator, smallest budget first."""
        return tuple(point for point in self.points if point.operator == operator)

    def advised(self, operator: str) -> PlanPoint:
        """Smallest budget whose Dice is no more than `NO_LOSS` below that of the exact refit, else the best one.

        Parameters
        ----------
        operator : str
            One of `operators`.

        Returns
        -------
        PlanPoint
        """
        points, exact = self.of(operator), self.exact.dice
        for point in points:
            if exact is not None and point.certified.dice is not None and point.certified.dice >= exact - NO_LOSS:
                return point
        return max(points, key=lambda point: (point.certified.dice or 0.0, -point.epsilon))

    def command(self, point: PlanPoint) -> str:
        """The command line that spends a budget as planned.

        Parameters
        ----------
        point : PlanPoint
            One of `points`.

        Returns
        -------
        str
        """
        words = ["napari-unlearn", "unlearn", str(self.dataset), str(self.model), "--out", "RUN"]
        words += ["--operator", point.operator, "--epsilon", f"{point.epsilon:g}", "--delta", f"{self.delta:g}"]
        words += ["--counterfactual", str(self.counterfactual)] if self.counterfactual else []
        words += [word for k, v in self.given.items() if k in point.settings for word in ("--setting", f"{k}={v:g}")]
        return shlex.join([*words, "--plan"] if point.planned else words)

    def to_json(self) -> dict[str, Any]:
        """The object that ``plan --json`` prints."""
        return {
            "delta": self.delta,
            "draws": self.draws,
            "splits": self.splits,
            "held_out": self.held_out,
            "exact": dataclasses.asdict(self.exact),
            "points": [{**dataclasses.asdict(point), "command": self.command(point)} for point in self.points],
            "advised": {name: self.advised(name).epsilon for name in self.operators},
        }
