"""Gaussian noise that may carry a guarantee, and noise that may not.

A guarantee needs noise that nobody can reproduce and whose floating-point pattern says nothing about the value it
hides. Both are met as in Holohan and Braghin, "Secure random sampling in differential privacy" (ESORICS 2021): every
value is the scaled sum of four independent normal draws. The sum can be reached in so many ways that the draws cannot
be solved for, which defends against the attacks known on the low bits of a single draw (Mironov, CCS 2012). It is no
proof: the guarantees of this package are stated for real arithmetic, and each draw is cut off at 9.4 standard
deviations, an event of probability below 1e-19. The draws of two values are made together, as the two coordinates of
four random points, which leaves eight random numbers to two values.

The bits of a draw come from the cryptographic generator of OpenSSL (a DRBG of NIST SP 800-90A), which every call gives
256 fresh bits of the operating system's entropy first. The operating system makes its own bits in the same way, a
cipher keyed with what it has gathered, but hands them out seven times more slowly, which the million weights of a U-Net
would feel in every step (`benchmarks/operators.py`).
"""

from __future__ import annotations

import math
import os
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import numpy.typing as npt

from napari_unlearn.privacy.ranges import positive

NO_NOISE = "none"
"""What a certificate says where no noise was drawn."""

_DRAWS = 4
_CHUNK = 1 << 13  # values at a time: the draws of so many stay in the processor's cache
_FRESH = 32  # bytes of the operating system's entropy that key the bits of a call
_THREADS = min(4, os.cpu_count() or 1)


class NoiseSource(Protocol):
    """Where an operator takes its noise from."""

    @property
    def description(self) -> str:
        """Return what a certificate says about the source."""

    @property
    def certifies(self) -> bool:
        """Return whether a result with this noise may be certified."""

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
        """Return independent draws from N(0, sigma^2)."""


class OperatingSystemNoise:
    """Noise keyed with the operating system's entropy; no seed exists, so none can be logged or set.

    Examples
    --------
    >>> OperatingSystemNoise().gaussian((2, 3), sigma=0.5).shape
    (2, 3)
    """

    description = "operating-system entropy, four draws summed for each value"
    certifies = True

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
        """Return independent draws from N(0, sigma^2), float64.

        Add them in float64 and cast afterwards.

        Parameters
        ----------
        shape
            Shape of the result.
        sigma
            Standard deviation, larger than 0.

        Returns
        -------
        ndarray of float64
            Of the given shape.

        Raises
        ------
        ValueError
            sigma is out of range.
        """
        return _gaussian(shape, sigma)


class SeededNoise:
    """Noise that can be repeated, for tests only.

    Whoever knows the seed can take the noise off again, so it certifies nothing.

    Parameters
    ----------
    seed
        Seed of the generator.
    """

    certifies = False

    def __init__(self, seed: int) -> None:
        self.description = f"fixed seed {seed}, for tests"
        self._generator = np.random.default_rng(seed)

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
        """Return independent draws from N(0, sigma^2), float64, the same for the same seed and order of calls.

        Raises
        ------
        ValueError
            sigma is out of range.
        """
        return self._generator.normal(0.0, positive("sigma", sigma), shape)


def gaussian(shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
    """Return independent draws from N(0, sigma^2), keyed with the operating system's entropy, float64.

    Raises
    ------
    ValueError
        sigma is out of range.
    """
    return OperatingSystemNoise().gaussian(shape, sigma)


def _gaussian(shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
    scale = positive("sigma", sigma) / math.sqrt(_DRAWS)
    values = np.empty(shape, np.float64)
    flat = values.reshape(-1)
    ssl.RAND_add(os.urandom(_FRESH), float(_FRESH))

    def fill(start: int) -> None:
        part = flat[start : start + _CHUNK]
        half = (part.size + 1) // 2
        across, along = _normal_pairs(half)
        np.sum(across, axis=0, out=part[:half])
        np.sum(along[:, : part.size - half], axis=0, out=part[half:])
        part *= scale

    starts = range(0, flat.size, _CHUNK)
    if len(starts) <= _THREADS:
        for start in starts:
            fill(start)
        return values
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(fill, starts))
    return values


def _normal_pairs(number: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    # Box and Muller (1958): a random length and a random direction are two independent normal draws.
    bits = np.frombuffer(ssl.RAND_bytes(16 * _DRAWS * number), np.uint64).reshape(2, _DRAWS, number)
    length = (bits[0] >> np.uint64(1)).view(np.int64).astype(np.float64)
    length += 0.5  # the logarithm of zero is never asked for
    length *= 2.0**-63
    np.log(length, out=length)
    length *= -2.0
    np.sqrt(length, out=length)
    # Cosine and sine by way of the tangent of half the angle, the one of the three that numpy does several at a time.
    tangent = bits[1].view(np.int64) * (math.pi * 2.0**-64)
    np.tan(tangent, out=tangent)
    square = tangent * tangent
    length /= 1.0 + square
    np.subtract(1.0, square, out=square)
    square *= length
    tangent *= length
    tangent *= 2.0
    return square, tangent
