"""Counterfactual cases: the lesion of one refined case in the surroundings of another.

A fine mask alone does not remove a context shortcut: the class of a lesion pixel can still be read off a ruler
elsewhere in the encoder's field of view. In a composed image the surroundings come from a case of a class drawn without
regard to the lesion's, so they no longer tell the class. Only refined cases and their fine labels are used, which makes
composing post-processing: it costs no privacy budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from napari_unlearn.data.inpainting import paint_over
from napari_unlearn.errors import UserError
from napari_unlearn.models.pixel_sampling import IGNORE


@dataclass(frozen=True, eq=False)
class Refined:
    """What composing needs of a refined case, on the working grid.

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
        """Whether the mask says where a lesion is; one that shows none, as its diagnosis is background, cannot move."""
        return bool(((self.fine > 0) & (self.fine != IGNORE)).any())

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
        Same grid shape.

    Returns
    -------
    image : ndarray of uint8, shape (h, w, 3)
        The lesion's pixels inside its moved fine mask; elsewhere the other case, its own lesion painted over.
    labels : ndarray of uint8, shape (h, w)
        Class ids: those of the moved lesion, background elsewhere.
    """
    image = surroundings.surroundings.copy()
    labels = np.zeros_like(lesion.fine)
    rows, columns = np.nonzero(lesion.fine)
    down, right = surroundings.centre - lesion.centre
    stays = (rows + down >= 0) & (rows + down < labels.shape[0])
    stays &= (columns + right >= 0) & (columns + right < labels.shape[1])
    rows, columns = rows[stays], columns[stays]
    image[rows + down, columns + right] = lesion.image[rows, columns]
    labels[rows + down, columns + right] = lesion.fine[rows, columns]
    return image, labels


def require_lesions(refined: Sequence[Refined], lesion_free: Iterable[str]) -> None:
    """Refuse to compose where one diagnosis cannot be composed, so that its absence would tell of the other.

    Parameters
    ----------
    refined : sequence of Refined
        Cases to compose.
    lesion_free : iterable of str
        Diagnoses of training cases without a lesion in their masks.

    Raises
    ------
    UserError
        A diagnosis occurs among the latter only.
    """
    missing = sorted(set(lesion_free) - {case.group for case in refined if case.has_lesion} - {""})
    if missing:
        raise UserError(
            f"No refined case of {' or '.join(missing)} has a lesion in its mask, so that every composed case would be "
            "of another diagnosis, and the model would learn to tell composed cases; set the swaps per case "
            "(--counterfactual) to 0."
        )


def compositions(
    cases: Sequence[Refined], per_case: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Compose every refined case with others, evenly over their groups.

    Parameters
    ----------
    cases : sequence of Refined
        Cases with a lesion and of one grid shape are composed with each other; a case without a partner is left out.
    per_case : int
        Compositions a case.
    rng : numpy.random.Generator
        Draws the partners.

    Yields
    ------
    image, labels
        As `compose` returns them.
    """
    cases = [case for case in cases if case.has_lesion]
    for index, lesion in enumerate(cases):
        partners: dict[str, list[int]] = {}
        for other, candidate in enumerate(cases):
            if other != index and candidate.fine.shape == lesion.fine.shape:
                partners.setdefault(candidate.group, []).append(other)
        groups = sorted(partners)
        if not groups:
            continue
        first = int(rng.integers(len(groups)))
        for k in range(per_case):
            group = partners[groups[(first + k) % len(groups)]]
            yield compose(lesion, cases[int(rng.choice(group))])
