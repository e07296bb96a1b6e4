"""Merging two revised models: what can be put together, and by which rule one of the results is chosen.

After Nahass et al. (2025), who give the run that retains best the classifier of the run that forgets best. That makes
sense where both were fitted on the same frozen encoder, and where there are two parts to exchange: decoder and
segmentation head of a U-Net. A head alone is one linear layer, fitted as a whole, so it can only be interpolated, and
so can a network whose encoders differ. Between two networks the loss may rise, hence the look at every tenth of the
way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.operators.protocol import FloatArray

POINTS = 11
"""Points of the way from the first to the second run, both included."""

LARGEST_LOSS = 0.01
"""Dice that may be given up to forget more: one point."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to put two runs together.

    Attributes
    ----------
    name : str
        For a person.
    share : float or None
        Of the second run, from 0 to 1; None for an exchange.
    weights : ndarray of float64
        The result.
    """

    name: str
    share: float | None
    weights: FloatArray


@dataclass(frozen=True)
class Measured:
    """What a candidate does on the refined training cases.

    Attributes
    ----------
    dice : float
        Mean over cases, lesion against background.
    forgotten : float
        Share of the dilation artefacts that are still predicted as lesion; where they lie is all that is used, so no
        forgotten label has a say.
    """

    dice: float
    forgotten: float


def interpolations(first: FloatArray, second: FloatArray) -> list[Candidate]:
    """Points on the straight line from one run to the other.

    Parameters
    ----------
    first, second : ndarray of float64
        Of the same shape.

    Returns
    -------
    list of Candidate
        `POINTS` of them, the runs themselves first and last.
    """
    shares = [i / (POINTS - 1) for i in range(POINTS)]
    return [
        Candidate(f"{share:.0%} of the second run", share, (1 - share) * first + share * second) for share in shares
    ]


def exchanges(first: FloatArray, second: FloatArray, head: NDArray[np.bool_]) -> list[Candidate]:
    """The decoder of one run with the segmentation head of the other, both ways.

    Parameters
    ----------
    first, second : ndarray of float64, shape (d,)
        Trained parts on the same frozen encoder.
    head : ndarray of bool, shape (d,)
        Which entries are the segmentation head.

    Returns
    -------
    list of Candidate
    """
    return [
        Candidate("decoder of the first run, segmentation head of the second", None, np.where(head, second, first)),
        Candidate("decoder of the second run, segmentation head of the first", None, np.where(head, first, second)),
    ]


def choose(measured: Sequence[Measured]) -> int:
    """Find the candidate that forgets most among those whose Dice is within one point of the best.

    Parameters
    ----------
    measured : sequence of Measured
        One a candidate, at least one.

    Returns
    -------
    int
        Its index; of equals the one of higher Dice, and then the first.
    """
    enough = max(each.dice for each in measured) - LARGEST_LOSS
    return min(
        (i for i, each in enumerate(measured) if each.dice >= enough),
        key=lambda i: (measured[i].forgotten, -measured[i].dice, i),
    )
