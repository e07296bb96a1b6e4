"""Two predictions of one case in one picture: where they differ, or one on either side of a line. Knows no Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

LOST, GAINED, OTHER = 1, 2, 3
LINE = 255
"""Value of the line between the two sides; no class has it."""


def difference(before: Mask, after: Mask) -> Mask:
    """Mark what the second prediction sees differently.

    Parameters
    ----------
    before, after : ndarray of uint8, shape (H, W)
        Class ids.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        0 where they agree, `LOST` where only the first sees a lesion, `GAINED` where only the second does, `OTHER`
        where they name another class.
    """
    marked = np.zeros_like(before)
    marked[(before != after) & (before > 0) & (after > 0)] = OTHER
    marked[(before > 0) & (after == 0)] = LOST
    marked[(before == 0) & (after > 0)] = GAINED
    return marked


def fill_split(picture: Mask, before: Mask, after: Mask, columns: slice, line: int, width: int) -> None:
    """Draw some columns of the picture that shows one prediction on either side of a line.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W)
        It is changed.
    before, after : ndarray of uint8, shape (H, W)
        Class ids, shown to the left and to the right of the line.
    columns : slice
        What to draw.
    line : int
        First column of the line.
    width : int
        Columns of the line.
    """
    start, stop, _ = columns.indices(picture.shape[1])
    left, right = (min(max(place, start), stop) for place in (line, line + width))
    picture[:, start:left] = before[:, start:left]
    picture[:, left:right] = LINE
    picture[:, right:stop] = after[:, right:stop]
