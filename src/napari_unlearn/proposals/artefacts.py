"""Every detector of spurious artefacts by name: which flag it proposes, and what finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data import artefacts
from napari_unlearn.errors import UserError
from napari_unlearn.proposals import dark_corner, hair, ink, ruler
from napari_unlearn.proposals.frame import Bool


@dataclass(frozen=True)
class Detector:
    """What finds one kind of artefact.

    Attributes
    ----------
    flag : int
        Its bit in an artefact map.
    find : callable
        RGB image, (H, W, 3) uint8, to bool of shape (H, W).
    nothing : str
        What to say where it finds nothing.
    """

    flag: int
    find: Callable[[NDArray[np.uint8]], Bool]
    nothing: str


_BRUSH = "so there is no proposal; if you see one, brush it (Mark artefacts)."
DETECTORS: dict[str, Detector] = {
    "dark-corner": Detector(
        artefacts.DARK_CORNER, dark_corner.find, "No corner of this image is dark, so there is no proposal."
    ),
    "ruler": Detector(artefacts.RULER, ruler.find, f"No ruler was found in this image, {_BRUSH}"),
    "hair": Detector(artefacts.HAIR, hair.find, f"No dark hair was found in this image, {_BRUSH}"),
    "ink": Detector(artefacts.INK, ink.find, f"No violet or blue ink was found in this image, {_BRUSH}"),
}


def propose(image: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Propose where an artefact is.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    name : str
        One of `DETECTORS`.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        1 where it is.

    Raises
    ------
    UserError
        None is found.
    """
    detector = DETECTORS[name]
    found = detector.find(image)
    if not found.any():
        raise UserError(detector.nothing)
    return found.astype(np.uint8)
