"""One image with its masks. Nothing is read before it is asked for, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.artefacts import read_artefacts
from napari_unlearn.data.decode import image_shape, image_spacing, read_image, read_mask
from napari_unlearn.errors import UserError


@dataclass(frozen=True, slots=True)
class Case:
    """One image, where its masks are and what is known about it.

    Attributes
    ----------
    id : str
        Unique in its data set and safe as a file name.
    image_path : Path
        The image.
    coarse_path, fine_path, artefact_path : Path or None
        Its masks; None where there is none.
    split : str or None
        Name of the split, such as "train".
    diagnosis : str or None
        Class name.
    metadata : mapping of str to str
        Every further column known about the case.
    class_values : mapping of int to int
        What the values of the coarse mask mean. In the published layouts 1 means "lesion", and becomes the class id of
        the diagnosis here; empty where masks hold class ids already.
    classes : int
        Number of classes of the data set; a mask with a larger value is refused.
    """

    id: str
    image_path: Path
    coarse_path: Path | None = None
    fine_path: Path | None = None
    artefact_path: Path | None = None
    split: str | None = None
    diagnosis: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    class_values: Mapping[int, int] = field(default_factory=dict, hash=False)
    classes: int = 256

    @property
    def is_refined(self) -> bool:
        """Whether the case has a fine mask."""
        return self.fine_path is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the upright image, in pixels, from its header."""
        return image_shape(self.image_path)

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Millimetres between rows and between columns, from the header; None where that does not say."""
        return image_spacing(self.image_path)

    def image(self) -> NDArray[np.uint8]:
        """Decode the image, upright: (H, W, 3) uint8 RGB.

        Raises
        ------
        UserError
            The file cannot be used; the sentence says why.
        """
        return read_image(self.image_path)

    def coarse(self) -> NDArray[np.uint8]:
        """Read the coarse mask: (H, W) uint8 class ids.

        Raises
        ------
        UserError
            There is none, or it cannot be used or does not fit the image.
        """
        if self.coarse_path is None:
            message = f"Case {self.id} has no coarse mask; add one as a PNG of class ids, or leave the case out."
            raise UserError(message)
        mask = read_mask(self.coarse_path)
        if self.class_values:
            table = np.arange(256, dtype=np.uint8)
            table[list(self.class_values)] = list(self.class_values.values())
            mask = table[mask]
        return self._fitting(mask, self.coarse_path)

    def fine(self) -> NDArray[np.uint8] | None:
        """Read the fine mask: (H, W) uint8 class ids, or None where the case has none.

        Raises
        ------
        UserError
            It cannot be used or does not fit the image.
        """
        if self.fine_path is None:
            return None
        # Fine masks hold class ids in every layout; only an outside 0/255 mask says no more than "lesion".
        return self._fitting(read_mask(self.fine_path, foreground=self.class_values.get(1, 1)), self.fine_path)

    def artefacts(self) -> NDArray[np.uint8] | None:
        """Read the artefact map: (H, W) uint8 flags as in `data.artefacts`, or None where there is none.

        Raises
        ------
        UserError
            It cannot be used or does not fit the image.
        """
        if self.artefact_path is None:
            return None
        flags = read_artefacts(self.artefact_path)
        self._check_shape(flags, self.artefact_path)
        return flags

    def _fitting(self, mask: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
        self._check_shape(mask, path)
        largest = int(mask.max())
        if largest >= self.classes:
            message = (
                f"{path} holds the class {largest}, but the classes of this data set are 0 to {self.classes - 1}; "
                "correct the mask, or list all classes in dataset.toml."
            )
            raise UserError(message)
        return mask

    def _check_shape(self, mask: NDArray[np.uint8], path: Path) -> None:
        if mask.shape != self.shape:
            (height, width), (image_height, image_width) = mask.shape, self.shape
            message = (
                f"{path} is {width} x {height} pixels, but its image {self.image_path.name} is {image_width} x "
                f"{image_height}; save the mask at the size of the image."
            )
            raise UserError(message)
