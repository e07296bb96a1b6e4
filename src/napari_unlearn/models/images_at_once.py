"""How many images go through a network at once: as many as usual, fewer after memory has run out.

The number is no setting of a model or of an operator, because it belongs to the computer. It is kept for each thread,
so that one job that must do with less takes nothing from another.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

FEWEST = 2
"""Normalisation over a batch needs more than one image."""

_OWN = threading.local()


class Share:
    """The share of the usual number that may be used.

    Parameters
    ----------
    divisor : int
        By which usual numbers are divided.

    Attributes
    ----------
    largest : int
        Largest number of images that was allowed so far; 0 as long as nobody has asked.
    """

    def __init__(self, divisor: int) -> None:
        self.divisor = divisor
        self.largest = 0

    def of(self, usual: int) -> int:
        """Divide a usual number of images, but never below `FEWEST`.

        Parameters
        ----------
        usual : int
            At least one.

        Returns
        -------
        int
        """
        allowed = max(min(usual, FEWEST), usual // self.divisor)
        self.largest = max(self.largest, allowed)
        return allowed


@contextmanager
def divided(divisor: int) -> Iterator[Share]:
    """Use a share of the usual number of images in this thread.

    Parameters
    ----------
    divisor : int
        1 for all of them.

    Yields
    ------
    Share
        Tells afterwards whether the number of images mattered at all.
    """
    before, share = _share(), Share(divisor)
    _OWN.share = share
    try:
        yield share
    finally:
        _OWN.share = before


def images_at_once(usual: int) -> int:
    """Say how many images may go through a network at once.

    Parameters
    ----------
    usual : int
        Where memory is plenty.

    Returns
    -------
    int
    """
    share = _share()
    return usual if share is None else share.of(usual)


def _share() -> Share | None:
    return getattr(_OWN, "share", None)
