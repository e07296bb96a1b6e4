"""Array types and the pixel grid that every renderer shares. Lengths are in units of the image side."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


@lru_cache(maxsize=4)
def grid(size: int) -> tuple[Floats, Floats]:
    """Row and column of each pixel centre, from -0.5 to 0.5: two (size, size) float32 arrays, not to be written to."""
    axis = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5).astype(np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    y.setflags(write=False)
    x.setflags(write=False)
    return y, x
