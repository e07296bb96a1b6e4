"""Lets the window go first while a thread computes.

Python runs one thread at a time. A thread that computes is asked to give way only after the switch interval, 5 ms by
default, and a redraw that gives way a dozen times in Qt waits that long each time to go on. A shorter interval makes
the wait short, at no cost worth naming to code that spends its time in torch.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHORT = 0.0005  # seconds

_LOCK = threading.Lock()
_threads = 0
_usual = sys.getswitchinterval()


@contextmanager
def courteous() -> Iterator[None]:
    """Shorten the switch interval while at least one thread computes."""
    global _threads, _usual
    with _LOCK:
        if _threads == 0:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(min(SHORT, _usual))
        _threads += 1
    try:
        yield
    finally:
        with _LOCK:
            _threads -= 1
            if _threads == 0:
                sys.setswitchinterval(_usual)
