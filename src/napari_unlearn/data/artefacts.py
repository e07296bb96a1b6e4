"""Spurious artefacts as bit flags: what an `artefacts/<id>.png` says about each pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.decode import read_values
from napari_unlearn.errors import UserError

RULER = 1
INK = 2
GEL_BUBBLE = 4
GEL_BORDER = 8
HAIR = 16
DARK_CORNER = 32
PATCH = 64

ARTEFACT_NAMES = {
    RULER: "ruler",
    INK: "ink",
    GEL_BUBBLE: "gel_bubble",
    GEL_BORDER: "gel_border",
    HAIR: "hair",
    DARK_CORNER: "dark_corner",
    PATCH: "patch",
}
ALL_FLAGS = sum(ARTEFACT_NAMES)


def read_artefacts(path: Path) -> NDArray[np.uint8]:
    """Read the flags of every pixel, (H, W) uint8.

    Raises
    ------
    UserError
        The file is not a mask, or a pixel has a bit that means no artefact.
    """
    flags = read_values(path)
    if flags.size and flags.max() > ALL_FLAGS:
        message = (
            f"{path} holds the value {flags.max()}, but artefact flags add up to {ALL_FLAGS} at most; "
            f"write {', '.join(f'{flag} {name}' for flag, name in ARTEFACT_NAMES.items())}."
        )
        raise UserError(message)
    return flags


def present(flags: NDArray[np.uint8]) -> tuple[str, ...]:
    """Names of the artefacts that occur anywhere in `flags`, in the order of their bits."""
    seen = int(np.bitwise_or.reduce(flags, axis=None))
    return tuple(name for flag, name in ARTEFACT_NAMES.items() if seen & flag)
