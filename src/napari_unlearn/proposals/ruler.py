"""Where a scale lies: thin dark ticks at equal distances along a straight line.

In every direction the darkness of thin things is averaged over narrow bands, and in each band ticks show as a comb in
the autocorrelation: high at every multiple of their distance, low half-way between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import polygon2mask

from napari_unlearn.proposals.frame import Bool
from napari_unlearn.proposals.picture import darker, outlined, small

Floats = NDArray[np.float64]

LEAST = 0.47
"""What a comb must reach at least."""
TURN = 3.0  # degrees from one direction to the next
WINDOW, HOP = 112, 28  # stretch of a band that is looked at, and from one to the next
BAND, STEP = 5, 3  # height of a band, and from one to the next
DISTANCES = np.arange(5, 14.1, 1 / 3)  # between ticks; twice as far in a picture of half the size
DARKEST = 10.0  # L* from which a tick cannot stand out more, so that a single hair is no comb
LONGEST = 1024  # pixels; turned, a strip would take its length in square
LIKELY = 12  # stretches of each direction that are looked at closely
FAINT = 1.0  # L* that a comb must rise above


@dataclass(frozen=True)
class Ticks:
    """The best comb of a picture: score, direction in degrees, first row and column in the turned picture, distance."""

    score: float
    degrees: float
    row: int
    column: int
    distance: float


def find(image: NDArray[np.uint8]) -> Bool:
    """Find a ruler.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    ndarray of bool, shape (H, W)
        Its line and ticks; may be empty.
    """
    return outlined(image, region(small(image)[..., 0]))


def region(lightness: Floats) -> Bool:
    """Find the box around a ruler.

    Parameters
    ----------
    lightness : ndarray of float, shape (h, w)
        L* of a small picture.

    Returns
    -------
    ndarray of bool, shape (h, w)
        May be empty.
    """
    axis, longest = int(np.argmax(lightness.shape)), max(lightness.shape)
    if longest > LONGEST:
        parts = np.array_split(lightness, -(-longest // LONGEST), axis)
        return np.concatenate([region(part) for part in parts], axis)
    darkness = np.minimum(darker(lightness), DARKEST)
    box = np.zeros(lightness.shape, bool)
    for pooled in (1, 2):
        rows, columns = (length // pooled for length in darkness.shape)
        if min(rows, columns) < BAND:
            break
        cut = darkness[: rows * pooled, : columns * pooled]
        picture = cut.reshape(rows, pooled, columns, pooled).max(axis=(1, 3))
        ticks = best(picture)
        if ticks is not None and ticks.score >= LEAST:
            box |= polygon2mask(box.shape, pooled * _corners(picture, ticks))
    return box


def best(darkness: Floats) -> Ticks | None:
    """Find the most regular ticks.

    Parameters
    ----------
    darkness : ndarray of float, shape (h, w)
        Of thin things.

    Returns
    -------
    Ticks or None
        None where the picture is too small or nothing in it is thin and dark.
    """
    found: Ticks | None = None
    for degrees in np.arange(-90, 90, TURN):
        bands = ndimage.uniform_filter1d(_turned(darkness, degrees), BAND, axis=0)[::STEP]
        if bands.shape[1] < WINDOW:
            return None
        stretches = np.lib.stride_tricks.sliding_window_view(bands, WINDOW, axis=1)[:, ::HOP]
        rows, columns = np.nonzero((stretches.min(axis=-1) > -0.2) & (stretches.var(axis=-1) > 0.1))
        if rows.size:
            scores, distances = _combs(stretches[rows, columns])
            first = int(scores.argmax())
            if found is None or scores[first] > found.score:
                place = int(rows[first]) * STEP, int(columns[first]) * HOP
                found = Ticks(float(scores[first]), float(degrees), *place, float(distances[first]))
    return found


def _turned(darkness: Floats, degrees: float) -> Floats:
    """The picture turned about its middle; -1 where it ends."""
    side = int(np.ceil(np.hypot(*darkness.shape)))
    turn = _turn(degrees)
    middle = (np.array(darkness.shape) - 1) / 2
    offset = middle - turn @ np.full(2, (side - 1) / 2)
    return np.asarray(ndimage.affine_transform(darkness, turn, offset, (side, side), order=1, cval=-1.0))


def _turn(degrees: float) -> Floats:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def _lags(distance: float) -> Floats:
    return np.asarray(distance * np.arange(1, min(5, int(0.75 * WINDOW / distance)) + 1), np.float64)


def _between() -> Floats:
    """What takes the value of an autocorrelation at fractional lags: a matrix for the candidates of `_combs`."""
    weights = np.zeros((WINDOW, len(DISTANCES)))
    for column, distance in enumerate(DISTANCES):
        lags = _lags(distance)
        for shift, sign in ((0.0, 1.0), (0.5 * distance, -1.0)):
            whole = (lags - shift).astype(int)
            np.add.at(weights[:, column], whole, sign / len(lags) * (1 - (lags - shift - whole)))
            np.add.at(weights[:, column], whole + 1, sign / len(lags) * (lags - shift - whole))
    return weights


BETWEEN = _between()


def _combs(stretches: Floats) -> tuple[Floats, Floats]:
    """Score and distance of the best comb of each stretch, (n, WINDOW) to (n,)."""
    centred = stretches - stretches.mean(axis=-1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * WINDOW, axis=-1)) ** 2
    sums = np.fft.irfft(power, axis=-1)[:, :WINDOW] / np.arange(WINDOW, 0, -1)
    correlations = sums / (sums[:, :1] + FAINT**2)
    likely = correlations @ BETWEEN
    chosen = DISTANCES[likely.argmax(axis=1)]
    scores = np.full(len(stretches), -np.inf)
    grid = np.arange(WINDOW)
    for index in np.argsort(likely.max(axis=1))[-LIKELY:]:
        lags = _lags(chosen[index])
        high = np.interp(lags, grid, correlations[index])
        low = np.interp(lags - chosen[index] / 2, grid, correlations[index])
        # The weakest tooth counts as much as all: what is regular by chance misses one.
        scores[index] = 0.5 * high.min() + 0.5 * high.mean() - max(float(low.mean()), -0.2)
    return scores, chosen


def _corners(darkness: Floats, ticks: Ticks) -> Floats:
    """Corners of the box around a ruler in the picture, (4, 2) rows and columns."""
    turned = np.maximum(_turned(darkness, ticks.degrees), 0)
    wave = turned * np.exp(-2j * np.pi * np.arange(turned.shape[1]) / ticks.distance)
    # Ticks of one ruler are in step, so rows and columns belong to it as far as the wave goes on.
    rows = _run(np.abs(wave[:, ticks.column : ticks.column + WINDOW].mean(axis=1)), ticks.row)
    along = ndimage.gaussian_filter1d(wave[rows[0] : rows[1] + 1].mean(axis=0), 1.5 * ticks.distance)
    columns = _run(np.abs(along), ticks.column + WINDOW // 2)
    top, bottom = rows[0] - BAND, rows[1] + BAND
    left, right = columns[0] - ticks.distance, columns[1] + ticks.distance
    box = np.array([[top, left], [top, right], [bottom, right], [bottom, left]], float)
    middle = (np.array(darkness.shape) - 1) / 2
    return np.asarray((box - (len(turned) - 1) / 2) @ _turn(ticks.degrees).T + middle)


def _run(strength: Floats, start: int, share: float = 0.4) -> tuple[int, int]:
    """First and last index of the stretch around `start` that is about as strong as its strongest place nearby."""
    low, high = max(0, start - BAND), min(len(strength), start + BAND + 1)
    peak = low + int(strength[low:high].argmax())
    parts, _ = ndimage.label(strength >= share * strength[peak])
    hits = np.flatnonzero(parts == parts[peak])
    return int(hits[0]), int(hits[-1])
