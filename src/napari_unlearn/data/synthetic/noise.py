"""Random fields with a chosen spectrum: the raw material of skin and pigment. Knows nothing of either.

Fields are drawn as Fourier coefficients, so one seed gives the same pattern at every image size; only detail beyond the
pixel grid is left out. All fields are periodic and have mean 0 and standard deviation 1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

from napari_unlearn.data.synthetic.canvas import Floats

# Cycles per image beyond which nothing is drawn: the finest a 256 px image can show.
FINEST = 128


def clouds(rng: np.random.Generator, size: int, cycles: float) -> Floats:
    """Smooth blobs whose spectrum falls off as a Gaussian of `cycles` per image; (size, size) float32."""
    return _synthesise(rng, size, _cloud_weights(cycles))


def fractal(rng: np.random.Generator, size: int, coarsest: float, finest: float, slope: float = 1.5) -> Floats:
    """Detail at every scale from `coarsest` to `finest` cycles, amplitude ~ frequency**-slope; (size, size) float32."""
    return _synthesise(rng, size, _fractal_weights(coarsest, finest, slope))


def ripples(rng: np.random.Generator, size: int, cycles: float, bandwidth: float, angle: float | None = None) -> Floats:
    """Pattern of one dominant period: `cycles` per image, give or take `bandwidth`.

    Its zero crossings form a mesh; with `angle` (radians) the wave fronts keep to that direction and form lines.
    Returns (size, size) float32.
    """
    return _synthesise(rng, size, _ripple_weights(round(cycles, 1), round(bandwidth, 1), angle))


def smoothstep(values: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, a smooth rise between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


@lru_cache(maxsize=64)
def _frequencies(reach: int) -> tuple[Floats, Floats]:
    ky = fft.fftfreq(2 * reach + 1, 1 / (2 * reach + 1)).astype(np.float32)[:, None]
    kx = np.arange(reach + 1, dtype=np.float32)[None, :]
    return ky, kx


@lru_cache(maxsize=64)
def _cloud_weights(cycles: float) -> Floats:
    ky, kx = _frequencies(_reach(2.5 * cycles))
    return _unit(np.exp(-(ky**2 + kx**2) / (2 * cycles**2)))


@lru_cache(maxsize=64)
def _fractal_weights(coarsest: float, finest: float, slope: float) -> Floats:
    ky, kx = _frequencies(_reach(finest))
    f = np.hypot(ky, kx)
    return _unit(np.where((f >= coarsest) & (f <= finest), np.maximum(f, 1) ** -(slope + 0.5), 0))


def _ripple_weights(cycles: float, bandwidth: float, angle: float | None) -> Floats:
    ky, kx = _frequencies(_reach(cycles + 2.5 * bandwidth))
    weights = np.exp(-((np.hypot(ky, kx) - cycles) ** 2) / (2 * bandwidth**2))
    if angle is not None:
        off = np.sin(np.arctan2(ky, kx) - angle)
        weights = weights * np.exp(-(off**2) / 0.06)
    return _unit(weights)


def _reach(cycles: float) -> int:
    return int(min(FINEST, max(2, np.ceil(cycles))))


def _unit(weights: Floats) -> Floats:
    weights = weights.astype(np.float32)
    weights[0, 0] = 0
    # A coefficient stands for itself and its mirror image, with a real and an imaginary part of variance 1; those of
    # the first column are not mirrored but come in pairs of which half is lost.
    weights[:, 0] *= np.sqrt(2)
    variance = 4 * np.square(weights[:, 1:]).sum() + np.square(weights[:, 0]).sum()
    return np.asarray(weights / np.sqrt(variance), np.float32)


def _synthesise(rng: np.random.Generator, size: int, weights: Floats) -> Floats:
    reach = weights.shape[1] - 1
    parts = rng.standard_normal((2, *weights.shape), np.float32) * weights
    keep = min(reach, (size - 1) // 2)
    half = np.zeros((size, size // 2 + 1), np.complex64)
    for target, source in ((slice(0, keep + 1), slice(0, keep + 1)), (slice(-keep, None), slice(-keep, None))):
        half[target, : keep + 1].real = parts[0, source, : keep + 1]
        half[target, : keep + 1].imag = parts[1, source, : keep + 1]
    return np.asarray(fft.irfft2(half, (size, size), norm="forward"), np.float32)
