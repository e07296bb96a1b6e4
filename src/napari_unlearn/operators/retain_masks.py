"""The one place that reads masks for unlearning: which labels may be kept, and which are to be forgotten.

What a coarse mask alone covers never enters. Labels given to the retain side come from fine masks, or from outside a
coarse one, so no forgotten label can reach it, whatever the model is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes
from napari_unlearn.masks import fine_outside_coarse, split_pixels, split_three_ways
from napari_unlearn.models.grid import mask_to_grid
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.operators.counterfactual import Composed, Refined, compositions
from napari_unlearn.operators.protocol import Problem
from napari_unlearn.operators.withdrawal import Withdrawal

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
    withdrawal : Withdrawal or None
        Cases that are forgotten whole; they are none of those counted above, but their pixels are forgotten ones.
    maps : tuple of Path
        Cached features of the withdrawn cases.
    overlap : int
        Pixels of lesions in refined cases that lie under an artefact.
    pixel_share : float
        Share of the pixels that the settings ask for that were drawn, so that memory does not grow with the cases.
    """

    problem: Problem
    retain_pixels: int
    forget_pixels: int
    refined: int
    unrefined: int
    retain_hash: str
    forget_hash: str
    outside: dict[str, int]
    withdrawal: Withdrawal | None = None
    maps: tuple[Path, ...] = ()
    overlap: int = 0
    pixel_share: float = 1.0

    @property
    def taught(self) -> int:
        """Cases that teach where lesions are."""
        keep_coarse = self.withdrawal is not None and self.withdrawal.keep_coarse
        return self.refined + (self.unrefined if keep_coarse else 0)


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
        The fine mask, with `IGNORE` where the lesion lies under an artefact and may not teach; None for a case that
        nobody refined.
    shows_lesion : bool
        Whether `retain` says where the lesion is; otherwise it is certain background and nothing else.
    lesion_free : bool
        Whether there is no lesion in any of its masks; nothing of it is unknown then, refined or not.
    """

    retain: Mask
    forget: Mask
    fine: Mask | None
    shows_lesion: bool
    lesion_free: bool = False


class MaskReader:
    """Reads the masks of case after case, and counts and fingerprints both sets at the masks' own resolution.

    Parameters
    ----------
    size : int
        Long side of the working grid.
    corrected : bool
        Whether corrected pixels may teach.
    withdrawal : Withdrawal or None
        Whole cases to forget; it says whether unrefined cases among the others keep their coarse labels.
    overlap : bool
        Whether pixels of a lesion under an artefact may teach.
    """

    def __init__(
        self, size: int, corrected: bool, withdrawal: Withdrawal | None = None, *, overlap: bool = True
    ) -> None:
        self.outside: dict[str, int] = {}
        self._size, self._corrected, self._withdrawal = size, corrected, withdrawal
        self._overlap = overlap
        self._overlapping: dict[str, int] = {}
        self._withdrawn: dict[str, tuple[int, str]] = {}
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
        return self.take(case.id, case.coarse(), case.fine(), case.artefacts() if case.is_refined else None)

    def take(self, case_id: str, coarse: Mask, fine: Mask | None, artefacts: Mask | None = None) -> KeptLabels:
        """Take masks that were read already; those of a case that was there before are replaced.

        Parameters
        ----------
        case_id : str
            The case.
        coarse : ndarray of uint8, shape (H, W)
            Class ids.
        fine : ndarray of uint8, shape (H, W), or None
            Class ids; None where nobody refined the case.
        artefacts : ndarray of uint8, shape (H, W), or None
            Artefact flags; None where nobody mapped them.

        Returns
        -------
        KeptLabels
        """
        coarse_grid = mask_to_grid(coarse, self._size)
        nothing = np.full_like(coarse_grid, IGNORE)
        if fine is None and self._withdrawal is not None and self._withdrawal.keep_coarse:
            everywhere = np.ones(coarse.shape, np.bool_)
            self._count(case_id, everywhere, ~everywhere, coarse, coarse)
            return KeptLabels(coarse_grid, nothing, None, shows_lesion=True, lesion_free=not coarse.any())
        split = split_pixels(coarse, fine)
        self._count(case_id, split.retain, split.forget, coarse, fine)
        if fine is None:
            certain = np.where(coarse_grid > 0, IGNORE, 0).astype(np.uint8)
            return KeptLabels(certain, nothing, None, shows_lesion=False, lesion_free=not coarse.any())
        self._overlapping[case_id] = int(split_three_ways(coarse, fine, artefacts).overlap.sum())
        fine_grid = mask_to_grid(fine, self._size)
        artefact = split_pixels(coarse_grid, fine_grid).forget
        if self._overlapping[case_id] and not self._overlap:
            assert artefacts is not None
            under = split_three_ways(coarse_grid, fine_grid, mask_to_grid(artefacts, self._size)).overlap
            fine_grid = np.where(under, nothing, fine_grid)
        usable = fine_grid if self._corrected else np.where(artefact, nothing, fine_grid)
        lesion_free = not (coarse.any() or fine.any())
        forget = np.where(artefact, coarse_grid, nothing)
        return KeptLabels(usable, forget, fine_grid, shows_lesion=True, lesion_free=lesion_free)

    def forget_whole(self, case_id: str, taught: Mask) -> Mask:
        """Count every pixel of a withdrawn case as forgotten, lesion and background.

        Parameters
        ----------
        case_id : str
            The case; it is never read.
        taught : ndarray of uint8, shape (H, W)
            The labels it taught.

        Returns
        -------
        ndarray of uint8, shape (h, w)
            The same on the working grid.
        """
        label = f"{case_id} {taught.shape} whole ".encode()
        self._withdrawn[case_id] = taught.size, sha256_bytes(label + np.ascontiguousarray(taught).tobytes())
        return mask_to_grid(taught, self._size)

    @property
    def fingerprints(self) -> tuple[str, str]:
        """SHA-256 of what may be kept and of what is to be forgotten, over all cases read so far, in their order."""
        retain, forget = (
            sha256_bytes("\n".join(digests[side] for digests in self._digests.values()).encode()) for side in (0, 1)
        )
        return retain, forget

    def collected(self, problem: Problem, refined: int, unrefined: int, maps: Sequence[Path] = ()) -> Collected:
        """Put a problem and the counts together.

        Parameters
        ----------
        problem : Problem
            Made of what was read.
        refined, unrefined : int
            Cases.
        maps : sequence of Path
            Cached features of withdrawn cases.

        Returns
        -------
        Collected
        """
        kept = [digest for digest, _ in self._digests.values()]
        forgotten = [digest for _, digest in (*self._digests.values(), *self._withdrawn.values())]
        return Collected(
            problem,
            sum(pixels for pixels, _ in self._pixels.values()),
            sum(pixels for _, pixels in self._pixels.values()) + sum(pixels for pixels, _ in self._withdrawn.values()),
            refined,
            unrefined,
            sha256_bytes("\n".join(kept).encode()),
            sha256_bytes("\n".join(forgotten).encode()),
            dict(self.outside),
            self._withdrawal,
            tuple(maps),
            sum(self._overlapping.values()),
        )

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


def known_cases(cases: Sequence[Case], withdrawal: Withdrawal | None = None) -> tuple[list[Case], int]:
    """Cases that taught the model something, and how many of them are refined.

    Parameters
    ----------
    cases : sequence of Case
        Training cases; without a coarse mask there is nothing to forget and nothing known.
    withdrawal : Withdrawal or None
        Whole cases to forget that are not among them.

    Returns
    -------
    cases : list of Case
    refined : int

    Raises
    ------
    UserError
        None is refined, and their coarse labels are not to be kept.
    """
    known = [case for case in cases if case.coarse_path is not None]
    refined = sum(case.is_refined for case in known)
    if withdrawal is not None and not (refined or withdrawal.keep_coarse):
        raise UserError(
            "No training case that is left has a fine mask, so nothing says where lesions are; refine at least one "
            "case of every class, or keep the coarse labels of the cases that are left (--keep-coarse)."
        )
    if withdrawal is None and not refined:
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
    require_shown((case.fine for case in refined), names)


def require_shown(masks: Iterable[Mask], names: Sequence[str], withdrawal: Withdrawal | None = None) -> None:
    """Refuse masks that lack a class.

    Parameters
    ----------
    masks : iterable of ndarray of uint8
        All that say where a lesion is; `IGNORE` where there is no label.
    names : sequence of str
        Classes of the model.
    withdrawal : Withdrawal or None
        Whole cases to forget that the masks are not of.

    Raises
    ------
    UserError
        A class is not shown, so that the model would forget it.
    """
    shown = set().union(*(np.unique(mask).tolist() for mask in masks))
    missing = [name for k, name in enumerate(names) if k not in shown]
    if not missing:
        return
    kind, remedy = "refined case", "refine at least one case of every class first"
    if withdrawal is not None and withdrawal.keep_coarse:
        kind, remedy = "case that is left", "choose a narrower criterion, or add cases of every class"
    elif withdrawal is not None:
        kind = "refined case that is left"
        remedy = "refine at least one case of every class, or keep coarse labels (--keep-coarse)"
    raise UserError(f"No {kind} shows {' or '.join(missing)}, so the model would forget it altogether; {remedy}.")


def composed_batches(cases: Sequence[Refined], swaps: int, rng: np.random.Generator) -> Iterator[list[Composed]]:
    """Compose counterfactual cases, a few of one shape at a time.

    Parameters
    ----------
    cases : sequence of Refined
        Where lesions and surroundings come from.
    swaps : int
        Compositions a case.
    rng : numpy.random.Generator
        Draws the partners.

    Yields
    ------
    list of Composed

    Raises
    ------
    UserError
        No case has a partner.
    """
    batch: list[Composed] = []
    for item in compositions(cases, swaps, rng):
        if batch and (len(batch) >= images_at_once(_BATCH) or item.labels.shape != batch[0].labels.shape):
            yield batch
            batch = []
        batch.append(item)
    if not batch:
        raise UserError(
            "Counterfactual cases need two refined cases with a lesion and of the same shape; refine another one."
        )
    yield batch
