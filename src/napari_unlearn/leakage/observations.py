"""The images leakage is measured on: where artefacts lie, what is true and what is predicted, checked and flattened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.sampling import SAMPLED, spread_evenly

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Observations:
    """N images of P = H W pixels each.

    Attributes
    ----------
    spurious
        Bool, shape (N, P).
    truth
        The true class of each pixel, as an index into the classes that occur, uint8, shape (N, P).
    prediction
        The predicted class id of each pixel, shape (N, P).
    true_classes
        The ids of the true classes that occur, ascending.
    shape
        (H, W).
    """

    spurious: BoolArray
    truth: npt.NDArray[np.uint8]
    prediction: npt.NDArray[Any]
    true_classes: npt.NDArray[Any]
    shape: tuple[int, int]

    @property
    def images(self) -> int:
        """N."""
        return len(self.spurious)

    @property
    def predicted_classes(self) -> npt.NDArray[Any]:
        """The ids of the classes that are predicted somewhere, ascending."""
        return np.unique(self.prediction)

    def predicted(self, class_id: int) -> BoolArray:
        """Return where a class is predicted, shape (N, P)."""
        where: BoolArray = self.prediction == class_id
        return where

    def tables(self, class_id: int) -> npt.NDArray[np.int64]:
        """Return the counts over the images in which a class is predicted, shape (2, true classes, P)."""
        counts = [np.count_nonzero(cell, axis=0) for cell in self.cells(self.predicted(class_id))]
        return np.array(counts, np.int64).reshape(2, self.true_classes.size, -1)

    def cells(self, where: BoolArray) -> Iterator[BoolArray]:
        """Yield which images fall into each cell of the table of each pixel.

        Parameters
        ----------
        where
            What to look at, bool, shape (N, P).

        Yields
        ------
        ndarray of bool
            Shape (N, P); for spurious false and then true, one for each true class.
        """
        for row in (where & ~self.spurious, where & self.spurious):
            for true_class in range(self.true_classes.size):
                yield row & (self.truth == true_class)

    def per_image(self, class_id: int) -> npt.NDArray[np.int64]:
        """Return the counts over the pixels of each image, shape (N, 2, true classes)."""
        counts = [np.count_nonzero(cell, axis=1) for cell in self.cells(self.predicted(class_id))]
        return np.array(counts, np.int64).T.reshape(self.images, 2, -1)

    def sample(self, pixels: npt.NDArray[np.intp]) -> Observations:
        """Return all images at `SAMPLED` of these pixels at most, spread evenly."""
        return self.at(spread_evenly(pixels, SAMPLED))

    def main_class(self) -> npt.NDArray[np.int64]:
        """Return the class from 1 up that each image has most pixels of, shape (N,); 0 where there are none."""
        result = np.zeros(self.images, np.int64)
        most = np.zeros(self.images, np.int64)
        for class_id in self.predicted_classes[self.predicted_classes > 0]:
            pixels = np.count_nonzero(self.prediction == class_id, axis=1)
            result[pixels > most] = class_id
            most = np.maximum(most, pixels)
        return result

    def at(self, pixels: npt.NDArray[np.intp]) -> Observations:
        """Return the observations of some pixels only."""
        return Observations(
            self.spurious[:, pixels],
            self.truth[:, pixels],
            self.prediction[:, pixels],
            self.true_classes,
            (1, pixels.size),
        )

    def shuffled(self, orders: npt.NDArray[np.intp]) -> Observations:
        """Return data sets side by side, with the artefact map of image ``orders[i, n]`` in image n of data set i."""
        images, sets = self.images, len(orders)
        spurious = self.spurious[orders].transpose(1, 0, 2).reshape(images, -1)
        truth, prediction = (np.tile(stack, (1, sets)) for stack in (self.truth, self.prediction))
        return Observations(spurious, truth, prediction, self.true_classes, (sets, self.spurious.shape[1]))


def observe(spurious: npt.ArrayLike, truth: npt.ArrayLike, prediction: npt.ArrayLike) -> Observations:
    """Check and flatten three stacks of masks.

    Parameters
    ----------
    spurious
        Where a spurious artefact lies, bool or 0 and 1, shape (N, H, W).
    truth, prediction
        Class ids, bool or integer, shape (N, H, W).

    Returns
    -------
    Observations
        The same, flattened.

    Raises
    ------
    ValueError
        A stack does not have three axes, is empty, or holds other values, or the shapes differ.
    """
    stacks = {"spurious": np.asarray(spurious), "truth": np.asarray(truth), "prediction": np.asarray(prediction)}
    for name, stack in stacks.items():
        if stack.ndim != 3 or not stack.size:
            raise ValueError(f"{name} must be a stack of images, shape (N, H, W), but its shape is {stack.shape}.")
        if stack.shape != stacks["spurious"].shape:
            raise ValueError(
                f"spurious and {name} must have the same shape, "
                f"but they are {stacks['spurious'].shape} and {stack.shape}."
            )
        if stack.dtype.kind not in "biu":
            raise ValueError(f"{name} must hold whole numbers, but its type is {stack.dtype}.")
        if stack.dtype.kind == "i" and (lowest := int(stack.min())) < 0:
            raise ValueError(f"{name} must hold numbers from 0 upwards, but it contains {lowest}.")
    artefact = stacks["spurious"]
    if artefact.dtype.kind != "b" and (highest := int(artefact.max())) > 1:
        raise ValueError(f"spurious must hold true and false (or 1 and 0), but it contains {highest}.")
    images, height, width = artefact.shape
    ids, truth_index = np.unique(stacks["truth"], return_inverse=True)
    if ids.size > 256:
        raise ValueError(f"truth must hold at most 256 classes, but it contains {ids.size} different numbers.")
    return Observations(
        artefact.astype(np.bool_).reshape(images, -1),
        truth_index.astype(np.uint8).reshape(images, -1),
        stacks["prediction"].reshape(images, -1),
        ids,
        (height, width),
    )
