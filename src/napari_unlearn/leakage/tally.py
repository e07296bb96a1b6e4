"""Images that are counted as they go by: what leakage needs of them, in memory that their number hardly moves.

S_global is made of one table of counts a pixel, and a table is a sum over images, so an image can be forgotten once it
is counted. Only widths and p-values need to know which image was which. They are made on a lattice of pixels, and of
each image these pixels are kept, 12 KiB of them, and one small table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.observations import Observations
from napari_unlearn.leakage.sampling import lattice

Mask = npt.NDArray[np.uint8]

_FIRST = 16  # images for which there is room from the start


class Tally:
    """Counts images for the leakage of several kinds of artefact at once.

    `images` says how many were counted.

    Parameters
    ----------
    shape
        Height and width of every image.
    classes
        How many classes there are, background included.
    kinds
        By name of a kind of artefact, the bits that stand for it in an image's flags; a pixel with any of them counts.

    Raises
    ------
    ValueError
        There are no kinds, or fewer than two classes or more than 255.
    """

    def __init__(self, shape: tuple[int, int], classes: int, kinds: Mapping[str, int]) -> None:
        if not kinds:
            raise ValueError("Name at least one kind of artefact to count.")
        if not 2 <= classes <= 255:
            raise ValueError(f"There must be 2 to 255 classes, background included, but there are {classes}.")
        self.shape = shape
        self.kinds = dict(kinds)
        self.classes = classes
        self.lattice = lattice(shape)
        pixels = shape[0] * shape[1]
        # int32, as there are more pixels than images.
        self._everywhere = np.zeros((classes - 1, classes, pixels), np.int32)
        self._with = {kind: np.zeros_like(self._everywhere) for kind in kinds}
        self._occurs = dict.fromkeys(kinds, False)
        # The table of each image: of all its pixels, and of those with each kind of artefact.
        self._cells = np.empty((1 + len(kinds), _FIRST, classes - 1, classes), np.int32)
        self._sampled = np.empty((3, _FIRST, self.lattice.size), np.uint8)
        self.images = 0

    def add(self, flags: Mask, truth: Mask, prediction: Mask) -> None:
        """Count an image.

        Parameters
        ----------
        flags
            Artefacts, uint8 bits, shape (H, W).
        truth, prediction
            Class ids, uint8, shape (H, W).

        Raises
        ------
        ValueError
            A shape is another, or a class is not known.
        """
        for name, mask in (("flags", flags), ("truth", truth), ("prediction", prediction)):
            if mask.shape != self.shape:
                raise ValueError(f"{name} must have the shape {self.shape}, but it is {mask.shape}.")
        for name, mask in (("truth", truth), ("prediction", prediction)):
            if int(mask.max(initial=0)) >= self.classes:
                raise ValueError(f"{name} holds the class {mask.max()}, but there are {self.classes} classes.")
        flat = [mask.reshape(-1) for mask in (flags, truth, prediction)]
        if self.images == self._sampled.shape[1]:
            self._sampled, self._cells = _with_room(self._sampled), _with_room(self._cells)
        for sampled, mask in zip(self._sampled, flat, strict=True):
            sampled[self.images] = mask[self.lattice]
        tables = self._cells[:, self.images]
        self.images += 1
        where = np.flatnonzero(flat[2])
        cell = (flat[2][where].astype(np.intp) - 1) * self.classes + flat[1][where]
        tables[0] = _count(self._everywhere, cell, where)
        occurring, predicted = int(np.bitwise_or.reduce(flat[0])), flat[0][where]
        for table, (kind, bits) in zip(tables[1:], self.kinds.items(), strict=True):
            self._occurs[kind] |= bool(occurring & bits)
            # Most images have few kinds of artefact, and the others need no search.
            marked = np.flatnonzero(predicted & bits) if occurring & bits else np.zeros(0, np.intp)
            table[:] = _count(self._with[kind], cell[marked], where[marked])

    def occurs(self, kind: str) -> bool:
        """Whether any image has this kind of artefact, wherever it lies."""
        return self._occurs[kind]

    def of(self, kind: str) -> TalliedImages:
        """Return the images as they are for one kind of artefact."""
        return TalliedImages(self, kind)

    def counts(self, kind: str, class_id: int) -> npt.NDArray[np.int64]:
        """Return the table of each pixel, shape (2, classes, P)."""
        if not 1 <= class_id < self.classes:
            return np.zeros((2, *self._everywhere.shape[1:]), np.int64)
        with_ = self._with[kind][class_id - 1].astype(np.int64)
        return np.stack([self._everywhere[class_id - 1] - with_, with_])

    def counts_of_images(self, kind: str, class_id: int) -> npt.NDArray[np.int64]:
        """Return the table of each image, shape (N, 2, classes)."""
        if not 1 <= class_id < self.classes:
            return np.zeros((self.images, 2, self.classes), np.int64)
        both = self._cells[[0, 1 + list(self.kinds).index(kind)], : self.images, class_id - 1]
        all_, with_ = both.astype(np.int64)
        return np.stack([all_ - with_, with_], axis=1)

    def sampled(self, places: npt.NDArray[np.intp]) -> tuple[Mask, Mask, Mask]:
        """Return flags, truth and prediction of all images at some places of the lattice, shape (N, places) each."""
        flags, truth, prediction = (sampled[: self.images].take(places, axis=1) for sampled in self._sampled)
        return flags, truth, prediction

    def areas(self) -> npt.NDArray[np.int64]:
        """Return how many pixels of each image are predicted as each class from 1 up, shape (N, classes - 1)."""
        areas: npt.NDArray[np.int64] = self._cells[0, : self.images].sum(axis=2, dtype=np.int64)
        return areas


class TalliedImages:
    """Counted images and one kind of artefact; `leakage.images.Images` says what each member is.

    Parameters
    ----------
    tally
        What was counted; it may still grow.
    kind
        Name of the kind of artefact.
    """

    def __init__(self, tally: Tally, kind: str) -> None:
        self._tally = tally
        self._kind = kind

    @property
    def images(self) -> int:
        """N."""
        return self._tally.images

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self._tally.shape

    @property
    def true_classes(self) -> npt.NDArray[Any]:
        """All ids, whether they occur or not."""
        return np.arange(self._tally.classes)

    @property
    def predicted_classes(self) -> npt.NDArray[Any]:
        """Ids from 1 up that are predicted somewhere."""
        return np.flatnonzero(self._tally.areas().sum(axis=0)) + 1

    def tables(self, class_id: int) -> npt.NDArray[np.int64]:
        """Counts over images, shape (2, classes, P)."""
        return self._tally.counts(self._kind, class_id)

    def per_image(self, class_id: int) -> npt.NDArray[np.int64]:
        """Counts over pixels, shape (N, 2, classes)."""
        return self._tally.counts_of_images(self._kind, class_id)

    def sample(self, pixels: npt.NDArray[np.intp]) -> Observations:
        """Those of the pixels that lie on the lattice."""
        places = np.flatnonzero(np.isin(self._tally.lattice, pixels))
        flags, truth, prediction = self._tally.sampled(places)
        spurious = (flags & self._tally.kinds[self._kind]) > 0
        return Observations(spurious, truth, prediction, self.true_classes, (1, places.size))

    def main_class(self) -> npt.NDArray[np.int64]:
        """Shape (N,)."""
        areas = self._tally.areas()
        return np.where(areas.any(axis=1), areas.argmax(axis=1) + 1, 0) if len(areas) else np.zeros(0, np.int64)


def _with_room(kept: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what is kept of images, the second axis, with room for twice as many."""
    # One block instead of a small one for each image: those would keep larger ones beside them from being given back.
    return np.concatenate([kept, np.empty_like(kept)], axis=1)


def _count(
    counts: npt.NDArray[np.int32], cell: npt.NDArray[np.intp], where: npt.NDArray[np.intp]
) -> npt.NDArray[np.int64]:
    """Add the pixels of an image to the tables; return how many there are of each cell."""
    classes, true_classes, pixels = counts.shape
    # No pixel occurs twice in an image, so that plain indexing adds each.
    counts.reshape(-1)[cell * pixels + where] += 1
    return np.bincount(cell, minlength=classes * true_classes).reshape(classes, true_classes)
