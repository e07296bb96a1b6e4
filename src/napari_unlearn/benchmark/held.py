"""Cases that are in memory, so that a benchmark can give them other masks without writing a file. Imports no torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.synthetic.sample import coarsen

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCase(Case):
    """A case that knows its lesion, and may hide it.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
        RGB.
    lesion : ndarray of uint8, shape (H, W)
        Class ids.
    flags : ndarray of uint8, shape (H, W), or None
        Artefact flags.
    how : str
        How its coarse mask is made from the lesion; empty where it has none.
    """

    pixels: Mask = dataclasses.field(repr=False, compare=False)
    lesion: Mask = dataclasses.field(repr=False, compare=False)
    flags: Mask | None = dataclasses.field(repr=False, compare=False)
    how: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """See `Case.shape`."""
        height, width = self.lesion.shape
        return height, width

    def image(self) -> Mask:
        """See `Case.image`."""
        return self.pixels

    def coarse(self) -> Mask:
        """See `Case.coarse`."""
        return coarsen(self.lesion, self.how)

    def fine(self) -> Mask | None:
        """See `Case.fine`."""
        return None if self.fine_path is None else self.lesion

    def artefacts(self) -> Mask | None:
        """See `Case.artefacts`."""
        return self.flags

    def masked(self, how: str, *, refined: bool) -> HeldCase:
        """Give it other masks.

        Parameters
        ----------
        how : str
            ``box``, ``dilation``, or empty for no coarse mask.
        refined : bool
            Whether it has a fine mask.

        Returns
        -------
        HeldCase
            Of the same pixels.
        """
        place = Path(self.id)  # nothing is read from there; it says that there is one
        return dataclasses.replace(
            self, how=how, coarse_path=place if how else None, fine_path=place if refined else None
        )


def hold(case_id: str, split: str, diagnosis: str | None, image: Mask, lesion: Mask, flags: Mask | None) -> HeldCase:
    """Put a case together, with its fine mask and without a coarse one.

    Parameters
    ----------
    case_id, split : str
        Its name and its split.
    diagnosis : str or None
        Class name.
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    lesion : ndarray of uint8, shape (H, W)
        Class ids.
    flags : ndarray of uint8, shape (H, W), or None
        Artefact flags.

    Returns
    -------
    HeldCase
    """
    place = Path(case_id)
    return HeldCase(
        id=case_id,
        image_path=place,
        fine_path=place,
        artefact_path=None if flags is None else place,
        split=split,
        diagnosis=diagnosis,
        pixels=image,
        lesion=lesion,
        flags=flags,
    )
