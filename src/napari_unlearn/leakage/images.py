"""What has to be known of images to measure leakage on them, wherever it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_unlearn.leakage.observations import Observations


class Images(Protocol):
    """N images of P = H W pixels each: all of them in memory, or what was counted while they went by."""

    @property
    def images(self) -> int:
        """N."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        ...

    @property
    def true_classes(self) -> npt.NDArray[Any]:
        """The ids of the true classes, ascending."""
        ...

    @property
    def predicted_classes(self) -> npt.NDArray[Any]:
        """The ids of the classes that are predicted somewhere, ascending."""
        ...

    def tables(self, class_id: int) -> npt.NDArray[np.int64]:
        """Return the counts over the images in which a class is predicted, shape (2, true classes, P)."""
        ...

    def per_image(self, class_id: int) -> npt.NDArray[np.int64]:
        """Return the counts over the pixels of each image, shape (N, 2, true classes)."""
        ...

    def sample(self, pixels: npt.NDArray[np.intp]) -> Observations:
        """Return all images at some of these pixels, spread evenly."""
        ...

    def main_class(self) -> npt.NDArray[np.int64]:
        """Return the class from 1 up that each image has most pixels of, shape (N,); 0 where there are none."""
        ...
