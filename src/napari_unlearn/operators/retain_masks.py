"""The one place that reads masks for unlearning: which labels may be kept, and which are to be forgotten.

What a coarse mask alone covers never enters. Labels given to the retain side come from fine masks, or from outside a
coarse one, so no forgotten label can reach it, whatever the model is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes
from napari_unlearn.masks import fine_outside_coarse, split_pixels
from napari_unlearn.models.grid import mask_to_grid
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.counterfactual import Refined, compositions
from napari_unlearn.operators.protocol import Problem

Mask = NDArray[np.uint8]

_BATCH = 8


@dataclass(frozen=True)
class Collected:
    """A problem and what the certificate has to say about its data.

    Attributes
    ----------
    problem : Problem
        For the operator.
    retain_pixels, forget_pixels : int
        Sizes of D_r and D_f over all training cases, in pixels of the masks.
    refined, unrefined : int
        Training cases with and without a fine mask.
    retain_hash : str
        SHA-256 over ids, fine masks and certain background: what may be kept.
    forget_hash : str
        SHA-256 over ids and forgotten pixels.
    outside : dict of str to int
        Refined cases whose fine mask leaves the coarse one, with the number of such pixels.
    """

    problem: Problem
    retain_pixels: int
    forget_pixels: int
    refined: int
    unrefined: int
    retain_hash: str
    forget_hash: str
    outside: dict[str, int]


@dataclass(frozen=True, eq=False)
class KeptLabels:
    """Labels of one case on the working grid, each with `IGNORE` where there is none of its kind.

    Attributes
    ----------
    retain : ndarray of uint8, shape (h, w)
        Labels that may teach.
    forget : ndarray of uint8, shape (h, w)
        Coarse labels of dilation artefacts that a person looked at.
    fine : ndarray of uint8, shape (h, w), or None
        The fine mask; None for a case that nobody refined.
    """

    retain: Mask
    forget: Mask
    fine: Mask | None


class MaskReader:
    """Reads the masks of case after case, and counts and fingerprints both sets at the masks' own resolution.

    Parameters
    ----------
    size : int
        Long side of the working grid.
    corrected : bool
        Whether corrected pixels may teach.
    """

    def __init__(self, size: int, corrected: bool) -> None:
        self.outside: dict[str, int] = {}
        self._size, self._corrected = size, corrected
        self._pixels: dict[str, tuple[int, int]] = {}
        self._digests: dict[str, tuple[str, str]] = {}

    def read(self, case: Case) -> KeptLabels:
        """Read a case.

        Parameters
        ----------
        case : Case
            It has a coarse mask.

        Returns
        -------
        KeptLabels
        """
        return self.take(case.id, case.coarse(), case.fine())

    def take(self, case_id: str, coarse: Mask, fine: Mask | None) -> KeptLabels:
        """Take masks that were read already; those of a case that was there before are replaced.

        Parameters
        ----------
        case_id : str
            The case.
        coarse : ndarray of uint8, shape (H, W)
            Class ids.
        fine : ndarray of uint8, shape (H, W), or None
            Class ids; None where nobody refined the case.

        Returns
        -------
        KeptLabels
        """
        split = split_pixels(coarse, fine)
        self._count(case_id, split.retain, split.forget, coarse, fine)
        coarse_grid = mask_to_grid(coarse, self._size)
        nothing = np.full_like(coarse_grid, IGNORE)
        if fine is None:
            return KeptLabels(np.where(coarse_grid > 0, IGNORE, 0).astype(np.uint8), nothing, None)
        fine_grid = mask_to_grid(fine, self._size)
        artefact = split_pixels(coarse_grid, fine_grid).forget
        usable = fine_grid if self._corrected else np.where(artefact, nothing, fine_grid)
        return KeptLabels(usable, np.where(artefact, coarse_grid, nothing), fine_grid)

    def collected(self, problem: Problem, refined: int, unrefined: int) -> Collected:
        """Put a problem and the counts together.

        Parameters
        ----------
        problem : Problem
            Made of what was read.
        refined, unrefined : int
            Cases.

        Returns
        -------
        Collected
        """
        retain, forget = (
            sha256_bytes("\n".join(digests[side] for digests in self._digests.values()).encode()) for side in (0, 1)
        )
        kept, forgotten = (sum(pixels[side] for pixels in self._pixels.values()) for side in (0, 1))
        return Collected(problem, kept, forgotten, refined, unrefined, retain, forget, dict(self.outside))

    def _count(
        self, case_id: str, retain: NDArray[np.bool_], forget: NDArray[np.bool_], coarse: Mask, fine: Mask | None
    ) -> None:
        self._pixels[case_id] = int(retain.sum()), int(forget.sum())
        labels = fine if fine is not None else np.zeros_like(coarse)
        label = f"{case_id} {retain.shape} ".encode()
        self._digests[case_id] = (
            sha256_bytes(label + np.packbits(retain).tobytes() + labels.tobytes()),
            sha256_bytes(label + np.packbits(forget).tobytes()),
        )
        self.outside.pop(case_id, None)
        if fine is not None and (outside := int(np.count_nonzero(fine_outside_coarse(coarse, fine)))):
            self.outside[case_id] = outside


def known_cases(cases: Sequence[Case]) -> tuple[list[Case], int]:
    """Cases that taught the model something, and how many of them are refined.

    Parameters
    ----------
    cases : sequence of Case
        Training cases; without a coarse mask there is nothing to forget and nothing known.

    Returns
    -------
    cases : list of Case
    refined : int

    Raises
    ------
    UserError
        None is refined.
    """
    known = [case for case in cases if case.coarse_path is not None]
    refined = sum(case.is_refined for case in known)
    if not refined:
        raise UserError("No training case has a fine mask yet; refine at least one case of every class first.")
    return known, refined


def require_classes(refined: Iterable[Refined], names: Sequence[str]) -> None:
    """Refuse refined cases that lack a class.

    Parameters
    ----------
    refined : iterable of Refined
        All of them.
    names : sequence of str
        Classes of the model.

    Raises
    ------
    UserError
        A class is not shown, so that the model would forget it.
    """
    shown = set().union(*(np.unique(case.fine).tolist() for case in refined))
    missing = [name for k, name in enumerate(names) if k not in shown]
    if missing:
        raise UserError(
            f"No refined case shows {' or '.join(missing)}, so the model would forget it altogether; refine at least "
            "one case of every class first."
        )


def composed_batches(
    refined: Sequence[Refined], swaps: int, rng: np.random.Generator
) -> Iterator[list[tuple[Mask, Mask]]]:
    """Compose counterfactual cases, a few of one shape at a time.

    Parameters
    ----------
    refined : sequence of Refined
        Where lesions and surroundings come from.
    swaps : int
        Composed cases per refined case.
    rng : numpy.random.Generator
        Draws the partners.

    Yields
    ------
    list of tuple of ndarray of uint8
        Images (h, w, 3) and labels (h, w).

    Raises
    ------
    UserError
        No case has a partner.
    """
    batch: list[tuple[Mask, Mask]] = []
    for item in compositions(refined, swaps, rng):
        if batch and (len(batch) == _BATCH or item[0].shape != batch[0][0].shape):
            yield batch
            batch = []
        batch.append(item)
    if not batch:
        raise UserError("Counterfactual cases need two refined cases of the same shape; refine another one.")
    yield batch
