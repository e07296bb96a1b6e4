"""Nothing escapes from a job: every exception becomes its last event, as a sentence with a remedy.

Worker threads of GUI toolkits lose some exceptions (superqt's generator worker drops every RuntimeError, and running
out of GPU memory is one), so the conversion happens here, inside the job, for the window and the command line alike.
"""

from __future__ import annotations

import errno
import functools
import logging
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Cancelled, Event, Failed
from napari_unlearn.jobs.state import end_state
from napari_unlearn.jobs.token import CancelledError, Token

Request = TypeVar("Request")
_LOG = logging.getLogger(__name__)


def guarded(job: Callable[[Request, Token], Iterator[Event]]) -> Callable[[Request, Token], Iterator[Event]]:
    """Turn a job that may raise into one that ends in `Failed` or `Cancelled` instead.

    Parameters
    ----------
    job : callable
        Generator function ``(request, token) -> events`` that ends in `Done`.

    Returns
    -------
    callable
        The same job; it polls the token after every event and never raises an `Exception`.
    """

    @functools.wraps(job)
    def events(request: Request, token: Token) -> Iterator[Event]:
        try:
            for event in job(request, token):
                yield event
                if end_state(event) is None:
                    token.checkpoint()
        except CancelledError:
            yield Cancelled()
        except Exception as error:  # noqa: BLE001 - the one place where every failure becomes a sentence
            if not isinstance(error, UserError):
                # The sentence says all there is to say of a full disk; only of a surprise are the details shown.
                level = logging.WARNING if understood(error) else logging.ERROR
                _LOG.log(level, "A job failed.", exc_info=True)
            yield explain(error)

    return events


def explain(error: Exception) -> Failed:
    """Say what went wrong and what helps.

    Parameters
    ----------
    error : Exception
        Whatever a job raised.

    Returns
    -------
    Failed
        One sentence and one remedy.
    """
    if isinstance(error, UserError):
        return Failed(str(error), "Nothing was changed; correct this and start again.")
    text = _first_line(error)
    if out_of_memory(error):
        where = "graphics card" if "cuda" in text.lower() or "mps" in text.lower() else "computer"
        return Failed(
            f"The {where} ran out of memory.",
            "Nothing was changed; close other programs, choose the CPU as device, or train at a smaller image size.",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        sentence = f"{error.filename} cannot be written: the disk is full." if error.filename else "The disk is full."
        return Failed(sentence, "Nothing was changed; free some space and start again.")
    if isinstance(error, PermissionError):
        return Failed(
            f"{error.filename or 'A file'} cannot be written or read.", "Nothing was changed; check its permissions."
        )
    if isinstance(error, OSError):
        return Failed(f"A file could not be read or written: {error}.", "Nothing was changed; check the folder.")
    return Failed(
        f"Something unexpected went wrong ({': '.join(filter(None, (type(error).__name__, text)))}).",
        "Nothing was changed; the log holds the details for a bug report.",
    )


def understood(error: Exception) -> bool:
    """Tell whether it is clear what went wrong: the user, the disk or the memory, and not this program.

    Parameters
    ----------
    error : Exception
        Whatever was raised.

    Returns
    -------
    bool
    """
    return isinstance(error, UserError | OSError) or out_of_memory(error)


def out_of_memory(error: Exception) -> bool:
    """Tell whether memory of the computer or of its graphics card ran out.

    Parameters
    ----------
    error : Exception
        Whatever a job raised.

    Returns
    -------
    bool
    """
    # torch says "can't allocate memory" where the computer has too little and "out of memory" where the card has.
    found = re.search("out of memory|allocate memory", _first_line(error), re.IGNORECASE)
    return isinstance(error, MemoryError) or found is not None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
