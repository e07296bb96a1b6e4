"""What cases without a lesion count for beside those with one.

Where a diagnosis is background, a case with an empty coarse mask has nothing to forget: all its pixels are known,
refined or not. Of the cases with a lesion only the refined ones are known. Were each case to count once, lesions whose
diagnosis is background would outnumber the others by as much as is left unrefined, and a model would learn to predict
none. So each case counts for one over the chance that its kind is known (inverse probability weighting; Horvitz and
Thompson 1952), up to a factor that all have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unlearn.data.case import Case
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.operators.counterfactual import Refined


@dataclass
class Kinds:
    """How many cases there are of each kind, and how many of them teach everything they show.

    Attributes
    ----------
    with_lesion, teach_lesion : int
        Cases with a lesion in their coarse mask, and those among them that are refined.
    lesion_free, teach_lesion_free : int
        Cases without, and those among them that are not left out.
    """

    with_lesion: int = 0
    teach_lesion: int = 0
    lesion_free: int = 0
    teach_lesion_free: int = 0

    def count(self, *, lesion_free: bool, teaches: bool) -> None:
        """Add a case.

        Parameters
        ----------
        lesion_free : bool
            Whether its coarse mask is empty.
        teaches : bool
            Whether it teaches everything it shows.
        """
        if lesion_free:
            self.lesion_free += 1
            self.teach_lesion_free += teaches
        else:
            self.with_lesion += 1
            self.teach_lesion += teaches

    def near_weight(self, asked: float) -> float:
        """How many times background near a lesion counts.

        Where some lesions have no mask, their surroundings cannot be told from the rest, and to weigh those of the
        others would make their diagnosis rarer than it is.

        Parameters
        ----------
        asked : float
            Where all lesions have masks.

        Returns
        -------
        float
        """
        return 1.0 if self.lesion_free else asked

    def share(self, lesion_mass: float, lesion_free_mass: float) -> float:
        """Share of the weight of both kinds that cases without a lesion carry.

        Parameters
        ----------
        lesion_mass, lesion_free_mass : float
            What the cases of each kind would count for if each case counted once.

        Returns
        -------
        float
            From 0 to 1.
        """
        if not self.teach_lesion_free or not self.teach_lesion:
            return float(self.teach_lesion_free > 0)
        known = self.teach_lesion / self.with_lesion
        lesion_free = lesion_free_mass * known / (self.teach_lesion_free / self.lesion_free)
        return lesion_free / (lesion_mass + lesion_free)


def companions(
    lesion_free: Sequence[Case], refined: Sequence[Refined], size: int, rng: np.random.Generator
) -> list[Refined]:
    """Cases without a lesion for composing, drawn at random: at most as many as there are others.

    Parameters
    ----------
    lesion_free : sequence of Case
        Cases without a lesion in any of their masks that nobody refined.
    refined : sequence of Refined
        What there is to compose without them.
    size : int
        Long side of the working grid.
    rng : numpy.random.Generator
        Not touched where there is nothing to draw.

    Returns
    -------
    list of Refined
    """
    count = min(len(lesion_free), sum(case.has_lesion for case in refined))
    if not count:
        return []
    drawn = sorted(rng.choice(len(lesion_free), count, replace=False).tolist())
    return [companion(lesion_free[i], size) for i in drawn]


def companion(case: Case, size: int) -> Refined:
    """What composing needs of a case without a lesion.

    Parameters
    ----------
    case : Case
        It has no lesion in any of its masks.
    size : int
        Long side of the working grid.

    Returns
    -------
    Refined
    """
    image = image_to_grid(case.image(), size).permute(1, 2, 0).numpy()
    return Refined(image, np.zeros(image.shape[:2], np.uint8), case.diagnosis or "")
