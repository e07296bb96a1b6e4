"""Where an artefact may stand beside a lesion, and how it is laid over the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_unlearn.data.synthetic.canvas import Floats, Mask, grid

# Fainter than this an artefact cannot be seen, and is not there.
FAINTEST = 0.06
# People lay rulers and draw rings beside a lesion, not on its rim: no mark comes nearer, and twice as far it is whole.
STRIP = 0.014


@dataclass(frozen=True)
class Scene:
    """A lesion and its surroundings, in image sides with 0 in the middle of the image.

    Attributes
    ----------
    fine : ndarray of bool
        (size, size), the lesion.
    away : ndarray
        (size, size) float32, distance from the lesion; 0 inside.
    """

    fine: Mask
    away: Floats

    @classmethod
    def around(cls, fine: Mask) -> Scene:
        """Measure the surroundings of a lesion, (size, size) bool."""
        size = fine.shape[0]
        return cls(fine, (ndimage.distance_transform_edt(~fine) / size).astype(np.float32))

    @property
    def size(self) -> int:
        """Side of the image in pixels."""
        return int(self.fine.shape[0])

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of the middle of the lesion."""
        y, x = grid(self.size)
        return float(y[self.fine].mean()), float(x[self.fine].mean())

    def reach(self, angle: float) -> float:
        """How far the lesion extends from the middle of the image towards `angle` (radians, 0 along columns)."""
        y, x = grid(self.size)
        return float((np.cos(angle) * x[self.fine] + np.sin(angle) * y[self.fine]).max()) + 0.5 / self.size

    def roomier(self, angle: float) -> float:
        """`angle`, or the opposite side of the lesion when that leaves more room."""
        return angle if self.reach(angle) <= self.reach(angle + np.pi) else angle + np.pi


@dataclass(frozen=True)
class Mark:
    """One artefact, ready to be laid over an image.

    Attributes
    ----------
    flag : int
        Its bit in the artefact map.
    alpha : ndarray
        (size, size) float32, 0 where the artefact is absent.
    colour : ndarray
        (3,) or (size, size, 3) float32, 0 to 255; what is seen where alpha is 1.
    stains : bool
        True when skin shows through: the colour then multiplies the image (255 changes nothing).
    """

    flag: int
    alpha: Floats
    colour: Floats
    stains: bool = False

    @classmethod
    def beside(
        cls,
        flag: int,
        scene: Scene,
        alpha: NDArray[np.floating[Any]],
        colour: NDArray[np.floating[Any]],
        *,
        stains: bool = False,
    ) -> Mark:
        """Make a mark that leaves a strip of skin round the lesion and whose faintest fringe is cut off."""
        alpha = alpha * ((scene.away - STRIP) / STRIP).clip(0, 1)
        alpha = np.where((alpha >= FAINTEST) & ~scene.fine, alpha, 0)
        return cls(flag, np.asarray(alpha, np.float32).clip(0, 1), np.asarray(colour, np.float32), stains)

    @property
    def pixels(self) -> Mask:
        """(size, size) bool: exactly the pixels that `over` changes."""
        return np.asarray(self.alpha > 0, bool)

    def over(self, image: Floats) -> Floats:
        """Lay the mark over an image, (size, size, 3) float32 from 0 to 255; returns a new one."""
        target = image * self.colour / 255 if self.stains else self.colour
        return np.asarray(image + self.alpha[..., None] * (target - image), np.float32)
