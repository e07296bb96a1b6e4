"""Predicted masks as files: the ways in which they can be written, one name each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError
from napari_unlearn.export.coco import CocoFile
from napari_unlearn.export.dicom_seg import DicomSegFolder


class MaskWriter(Protocol):
    """Takes masks one by one."""

    def check(self, cases: Sequence[Case]) -> None:
        """Refuse cases that cannot be written, before any of them is predicted."""

    def add(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Take the mask of a case."""

    def finish(self) -> None:
        """Write what can only be written when all masks are there."""


@dataclass(frozen=True)
class PngFolder:
    """One PNG of class ids a case.

    Attributes
    ----------
    out : Path
        Folder of the files.
    """

    out: Path

    def check(self, cases: Sequence[Case]) -> None:
        """Accept any case."""

    def add(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Write a mask."""
        write_mask(self.out / f"{case.id}.png", mask)

    def finish(self) -> None:
        """Leave nothing to do."""


_WRITERS: dict[str, Callable[[Path, Sequence[str], bool], MaskWriter]] = {
    "png": lambda out, classes, patient: PngFolder(out),
    "coco": lambda out, classes, patient: CocoFile(out, classes),
    "dicom-seg": DicomSegFolder,
}

MASK_FORMATS = tuple(_WRITERS)


def mask_writer(name: str, out: Path, classes: Sequence[str], *, keep_patient: bool = False) -> MaskWriter:
    """Choose how masks are written.

    Parameters
    ----------
    name : str
        One of `MASK_FORMATS`.
    out : Path
        Folder of the files.
    classes : sequence of str
        Names, background first.
    keep_patient : bool
        Whether patient and study go from a DICOM image into its segmentation.

    Returns
    -------
    MaskWriter

    Raises
    ------
    UserError
        There is no such way, or what it needs is not installed.
    """
    if name not in _WRITERS:
        raise UserError(f"Masks cannot be written as '{name}'; choose one of {', '.join(MASK_FORMATS)}.")
    if keep_patient and name != "dicom-seg":
        raise UserError("Only DICOM segmentations can hold a patient; leave out --keep-patient.")
    return _WRITERS[name](out, classes, keep_patient)
