"""Ranges that the numbers of a privacy calculation must lie in, and the sentence said when one does not."""

from __future__ import annotations

import math


def positive(name: str, value: float) -> float:
    """Return the value as a float, if it is finite and larger than 0.

    Raises
    ------
    ValueError
        It is not.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number larger than 0, but it is {value}.")
    return float(value)


def non_negative(name: str, value: float) -> float:
    """Return the value as a float, if it is finite and not below 0.

    Raises
    ------
    ValueError
        It is not.
    """
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number, 0 or more, but it is {value}.")
    return float(value)


def probability(name: str, value: float) -> float:
    """Return the value as a float, if it lies strictly between 0 and 1.

    Raises
    ------
    ValueError
        It does not.
    """
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, both excluded, but it is {value}.")
    return float(value)


def count(name: str, value: float, *, least: int = 1) -> int:
    """Return the value as an int, if it is a whole number and not below `least`.

    Raises
    ------
    ValueError
        It is not.
    """
    if not math.isfinite(value) or value != int(value) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, but it is {value}.")
    return int(value)
