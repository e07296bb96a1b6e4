"""What one step changed in a mask: the exclusive or of before and after, tile by tile, compressed.

Exclusive or is its own inverse, so the same bytes undo a step and do it again, and replaying any run of steps needs
nothing but the mask at one end of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
Rectangle = tuple[slice, slice]

TILE = 256  # pixels; a long thin stroke then costs what it touches and not its bounding rectangle
_PATCH = struct.Struct("<4IB")  # first row, first column, rows, columns, value (0: one byte a pixel follows)


@dataclass(frozen=True)
class Delta:
    """A change.

    Attributes
    ----------
    rectangle : tuple of two slices
        Rows and columns outside which nothing changed.
    data : bytes
        The compressed patches.
    """

    rectangle: Rectangle
    data: bytes

    def apply(self, mask: Mask) -> None:
        """Turn `mask` from before to after, or from after to before, in place.

        Parameters
        ----------
        mask : ndarray of uint8, shape (H, W)
            The mask at either end of the step.

        Raises
        ------
        ValueError
            The data are no patches, or lie outside `mask`.
        """
        for rectangle, change in self.patches(mask.shape):
            mask[rectangle] ^= change

    def patches(self, shape: tuple[int, ...]) -> Iterator[tuple[Rectangle, Mask]]:
        """What changed, part by part.

        Parameters
        ----------
        shape : tuple of int
            Of the mask, (H, W).

        Returns
        -------
        iterator of tuple
            Rows and columns, and the exclusive or of before and after there, uint8. No two parts overlap.

        Raises
        ------
        ValueError
            As `apply`.
        """
        return _patches(self.data, shape)


def between(before: Mask, after: Mask, areas: Iterable[Rectangle]) -> Delta | None:
    """Change from `before` to `after`, None where there is none.

    Parameters
    ----------
    before, after : ndarray of uint8, shape (H, W)
        The same mask at two times.
    areas : iterable of tuple of two slices
        Where to look, without overlap.

    Returns
    -------
    Delta or None
    """
    parts: list[bytes] = []
    bounds: list[tuple[int, int, int, int]] = []
    for rows, columns in areas:
        change = before[rows, columns] ^ after[rows, columns]
        if not change.any():
            continue
        height, width = np.flatnonzero(change.any(1)), np.flatnonzero(change.any(0))
        change = change[height[0] : height[-1] + 1, width[0] : width[-1] + 1]
        top, left = rows.start + int(height[0]), columns.start + int(width[0])
        value = int(change.max())
        changed = change > 0
        # As a rule a step trims one class, and one bit a pixel says it all.
        plain = bool((change[changed] == value).all())
        parts.append(_PATCH.pack(top, left, *change.shape, value if plain else 0))
        parts.append(np.packbits(changed).tobytes() if plain else change.tobytes())
        bounds.append((top, left, top + change.shape[0], left + change.shape[1]))
    if not parts:
        return None
    ends = np.array(bounds)
    (top, left), (bottom, right) = ends[:, :2].min(0).tolist(), ends[:, 2:].max(0).tolist()
    return Delta((slice(top, bottom), slice(left, right)), zlib.compress(b"".join(parts), 1))


def whole(mask: Mask) -> bytes:
    """All of a mask as the data of a delta from an empty one; b"" when it is empty."""
    delta = between(np.zeros_like(mask), mask, tiles(mask.shape))
    return b"" if delta is None else delta.data


def from_whole(data: bytes, shape: tuple[int, int]) -> Mask:
    """Inverse of `whole`.

    Raises
    ------
    ValueError
        The data are no patches, or lie outside a mask of this shape.
    """
    mask = np.zeros(shape, np.uint8)
    if data:
        Delta(_all(shape), data).apply(mask)
    return mask


def read(data: bytes, shape: tuple[int, int]) -> Delta:
    """Take data from a file for a delta of masks of this shape.

    Raises
    ------
    ValueError
        The data are no patches, or lie outside a mask of this shape.
    """
    top, left, bottom, right = *shape, 0, 0
    for (rows, columns), _ in _patches(data, shape):
        top, left = min(top, rows.start), min(left, columns.start)
        bottom, right = max(bottom, rows.stop), max(right, columns.stop)
    return Delta((slice(top, bottom), slice(left, right)), data)


def tiles(shape: tuple[int, ...]) -> Iterator[Rectangle]:
    """All tiles of a mask of this shape, those at the far edges cut to fit."""
    for top in range(0, shape[0], TILE):
        for left in range(0, shape[1], TILE):
            yield slice(top, min(top + TILE, shape[0])), slice(left, min(left + TILE, shape[1]))


def _all(shape: tuple[int, int]) -> Rectangle:
    return slice(0, shape[0]), slice(0, shape[1])


def _patches(data: bytes, shape: tuple[int, ...]) -> Iterator[tuple[Rectangle, Mask]]:
    # A file from elsewhere may claim anything, so nothing is unpacked beyond what the mask can hold.
    limit = shape[0] * shape[1] + _PATCH.size * (shape[0] // TILE + 1) * (shape[1] // TILE + 1)
    try:
        stream = zlib.decompressobj()
        body = stream.decompress(data, limit)
        if not stream.eof:
            raise ValueError("The patches of a change go on beyond its mask.")
        place = 0
        while place < len(body):
            top, left, height, width, value = _PATCH.unpack_from(body, place)
            place += _PATCH.size
            count = height * width
            if not count or top + height > shape[0] or left + width > shape[1]:
                raise ValueError("A patch lies outside its mask.")
            if value:
                packed = np.frombuffer(body, np.uint8, (count + 7) // 8, place)
                change = np.unpackbits(packed, count=count) * np.uint8(value)
                place += packed.size
            else:
                change = np.frombuffer(body, np.uint8, count, place)
                place += count
            yield (slice(top, top + height), slice(left, left + width)), change.reshape(height, width)
    except (zlib.error, struct.error) as error:
        raise ValueError(f"A change cannot be read ({error}).") from error
