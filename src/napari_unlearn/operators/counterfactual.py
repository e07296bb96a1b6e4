"""Counterfactual cases: the lesion of one refined case in the surroundings of another.

A fine mask alone does not remove a context shortcut: the class of a lesion pixel can still be read off a ruler
elsewhere in the encoder's field of view. In a composed image the surroundings come from a case of a class drawn without
regard to the lesion's, so they no longer tell the class. Only refined cases and their fine labels are used, which makes
composing post-processing: it costs no privacy budget.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


def compose(lesion: Refined, surroundings: Refined) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Put the lesion of one case into another case.

    Parameters
    ----------
    lesion, surroundings : Refined
        Same grid shape.

    Returns
    -------
    image : ndarray of uint8, shape (h, w, 3)
        The lesion's pixels inside its fine mask, the other case's pixels elsewhere.
    labels : ndarray of uint8, shape (h, w)
        Class ids; a part of the other lesion that stays visible keeps its own label.
    """
    inside = lesion.fine > 0
    image = np.where(inside[..., None], lesion.image, surroundings.image)
    return image, np.where(inside, lesion.fine, surroundings.fine)


def compositions(
    cases: Sequence[Refined], per_case: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Compose every refined case with others, evenly over their groups.

    Parameters
    ----------
    cases : sequence of Refined
        Cases of one grid shape are composed with each other; a case without a partner is left out.
    per_case : int
        Compositions a case.
    rng : numpy.random.Generator
        Draws the partners.

    Yields
    ------
    image, labels
        As `compose` returns them.
    """
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
