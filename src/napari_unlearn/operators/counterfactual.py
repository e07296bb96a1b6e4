"""Counterfactual cases: the lesion of one case in the surroundings of another.

A fine mask alone does not remove a context shortcut: the class of a lesion pixel can still be read off a ruler
elsewhere in the encoder's field of view. In a composed image the surroundings come from a case of a class drawn without
regard to the lesion's, so they no longer tell the class. Only cases with no unknown pixel are used: refined ones with
their fine labels, and those without a lesion in their coarse mask, which have nothing to forget. That makes composing
post-processing: it costs no privacy budget.

Where a diagnosis is background, its lesions have no outline. Such a case lends its whole image as surroundings; and
what it gives is what it shows within the outline of the other case's lesion, in whose place that is put: seams must not
tell the class either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from napari_unlearn.data.inpainting import paint_over
from napari_unlearn.models.pixel_sampling import IGNORE


@dataclass(frozen=True, eq=False)
class Refined:
    """What composing needs of a refined case, or of one without a lesion, on the working grid.

    Attributes
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    fine : ndarray of uint8, shape (h, w)
        Class ids.
    group : str
        Diagnosis; surroundings are drawn evenly over groups.
    """

    image: NDArray[np.uint8]
    fine: NDArray[np.uint8]
    group: str

    @cached_property
    def has_lesion(self) -> bool:
        """Whether the mask says where a lesion is."""
        return bool(((self.fine > 0) & (self.fine != IGNORE)).any())

    @cached_property
    def composes(self) -> bool:
        """Whether it has a part in composing: it has not where an artefact hides the whole lesion."""
        return self.has_lesion or not self.fine.any()

    @cached_property
    def surroundings(self) -> NDArray[np.uint8]:
        """The image with its own lesion painted over: skin and artefacts only, (h, w, 3) uint8."""
        # The rim of a lesion is darker than skin; without a margin its colour would be painted in.
        lesion = binary_dilation(self.fine > 0, iterations=max(1, self.fine.shape[0] // 64))
        return paint_over(self.image, lesion, ~lesion)

    @cached_property
    def centre(self) -> NDArray[np.intp]:
        """Middle of the lesion, or of the image where there is none: (row, column)."""
        rows, columns = np.nonzero(self.fine)
        if not len(rows):
            return np.array(self.fine.shape) // 2
        return np.array([round(rows.mean()), round(columns.mean())])


def compose(lesion: Refined, surroundings: Refined) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Put the lesion of one case where the lesion of another case is.

    Parameters
    ----------
    lesion, surroundings : Refined
        Same grid shape; at least one has a lesion.

    Returns
    -------
    image : ndarray of uint8, shape (h, w, 3)
        The lesion's pixels inside its moved fine mask, or where it has none, inside that of the other case; elsewhere
        the other case, its own lesion painted over.
    labels : ndarray of uint8, shape (h, w)
        Class ids: those of the moved lesion, background elsewhere.
    """
    image = surroundings.surroundings.copy()
    labels = np.zeros_like(lesion.fine)
    down, right = surroundings.centre - lesion.centre
    rows, columns = np.nonzero((lesion if lesion.has_lesion else surroundings).fine)
    if not lesion.has_lesion:
        rows, columns = rows - down, columns - right
        inside = (rows >= 0) & (rows < labels.shape[0]) & (columns >= 0) & (columns < labels.shape[1])
        rows, columns = rows[inside], columns[inside]
    stays = (rows + down >= 0) & (rows + down < labels.shape[0])
    stays &= (columns + right >= 0) & (columns + right < labels.shape[1])
    rows, columns = rows[stays], columns[stays]
    image[rows + down, columns + right] = lesion.image[rows, columns]
    labels[rows + down, columns + right] = lesion.fine[rows, columns]
    return image, labels


@dataclass(frozen=True, eq=False)
class Composed:
    """A counterfactual case.

    Attributes
    ----------
    image, labels : ndarray
        As `compose` returns them.
    has_lesion : bool
        Whether what was put into the surroundings is a lesion with a mask.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    has_lesion: bool


def compositions(cases: Sequence[Refined], per_case: int, rng: np.random.Generator) -> Iterator[Composed]:
    """Compose every case with others, evenly over their groups.

    Parameters
    ----------
    cases : sequence of Refined
        Cases of one grid shape are composed with each other where one of the two has a lesion; a case without a partner
        is left out.
    per_case : int
        Compositions a case.
    rng : numpy.random.Generator
        Draws the partners.

    Yields
    ------
    Composed
    """
    cases = [case for case in cases if case.composes]
    for index, lesion in enumerate(cases):
        partners: dict[str, list[int]] = {}
        for other, candidate in enumerate(cases):
            fits = candidate.fine.shape == lesion.fine.shape and (lesion.has_lesion or candidate.has_lesion)
            if other != index and fits:
                partners.setdefault(candidate.group, []).append(other)
        groups = sorted(partners)
        if not groups:
            continue
        first = int(rng.integers(len(groups)))
        for k in range(per_case):
            group = partners[groups[(first + k) % len(groups)]]
            yield Composed(*compose(lesion, cases[int(rng.choice(group))]), lesion.has_lesion)


def lesion_free_share(cases: Iterable[Refined], share: float) -> float:
    """Share of the weight of cases without a lesion that their composed ones carry.

    Surroundings come evenly from all groups. Those of cases without a lesion are there already: around each of them as
    it is.

    Parameters
    ----------
    cases : iterable of Refined
        What was composed.
    share : float
        What composed cases with a lesion carry.

    Returns
    -------
    float
    """
    composing = [case for case in cases if case.composes]
    with_lesion = {case.group for case in composing if case.has_lesion}
    return share * len(with_lesion) / max(1, len({case.group for case in composing}))
