"""What all trials of one seed stand on: training cases of which all is known, and two test splits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from napari_unlearn.benchmark.held import HeldCase
from napari_unlearn.data.case import Case

ALIGNED, CONFLICTING = "aligned", "conflicting"


@dataclass(frozen=True, eq=False)
class Ground:
    """Cases of one seed.

    Attributes
    ----------
    name : str
        Of the data set.
    classes : tuple of str
        Background first.
    positive : int
        Class whose pooled probability is the score.
    train : tuple of HeldCase
        Their lesions are known; which of them count as refined is for the trial to say.
    unbiased : tuple of HeldCase
        Training cases of the oracle; empty where there are none.
    tests : dict of str to sequence of Case
        Test cases with fine masks, under ``aligned`` and ``conflicting``.
    refine : callable
        Share to the ids of the cases that are refined; a larger share takes in all of a smaller one.
    """

    name: str
    classes: tuple[str, ...]
    positive: int
    train: tuple[HeldCase, ...]
    unbiased: tuple[HeldCase, ...]
    tests: dict[str, Sequence[Case]]
    refine: Callable[[float], frozenset[str]]

    def masked(self, coarse: str, fine: float) -> list[HeldCase]:
        """Training cases with the masks of a trial.

        Parameters
        ----------
        coarse : str
            ``box``, ``dilation``, or empty for no coarse masks.
        fine : float
            Share of refined cases.

        Returns
        -------
        list of HeldCase
        """
        refined = self.refine(fine) if fine else frozenset()
        return [case.masked(coarse, refined=case.id in refined) for case in self.train]


class Source(Protocol):
    """Where grounds come from; small, so that it can be sent to other processes."""

    def ground(self, classes: int, correlation: float | None, seed: int) -> Ground:
        """Draw or read the cases of one seed.

        Parameters
        ----------
        classes : int
            Background included.
        correlation : float or None
            Of artefact and diagnosis in training; None where the data set decides.
        seed : int
            Of the draw.

        Returns
        -------
        Ground
        """
        ...
