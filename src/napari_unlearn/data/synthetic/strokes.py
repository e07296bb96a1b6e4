"""Thin curved strokes, anti-aliased, for hair and pen. Lengths in image sides."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from napari_unlearn.data.synthetic.canvas import Floats

OVERSAMPLING = 4

Curve = NDArray[np.float64]


def bezier(start: Curve, bend: Curve, end: Curve, points: int = 20) -> Curve:
    """Quadratic curve through three (2,) points given as row, column; returns (points, 2)."""
    t = np.linspace(0, 1, points)[:, None]
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end)


def cover(paths: Iterable[tuple[Curve, float]], size: int) -> Floats:
    """Draw strokes, smooth at their sides.

    Parameters
    ----------
    paths : iterable of (path, width)
        Each path is (n, 2) rows and columns, 0 being the middle of the image; it thins out towards its end.
    size : int
        Side of the image in pixels.

    Returns
    -------
    ndarray
        (size, size) float32: share of each pixel that is covered, 0 to 1.
    """
    side = size * OVERSAMPLING
    canvas = Image.new("L", (side, side))
    draw = ImageDraw.Draw(canvas)
    for path, width in paths:
        corners = (path + 0.5) * side
        segments = len(corners) - 1
        for i in range(segments):
            thickness = max(1, round(width * side * (1 - 0.6 * i / segments)))
            draw.line([(corners[i, 1], corners[i, 0]), (corners[i + 1, 1], corners[i + 1, 0])], 255, thickness)
    return np.asarray(canvas.reduce(OVERSAMPLING), np.float32) / np.float32(255)
