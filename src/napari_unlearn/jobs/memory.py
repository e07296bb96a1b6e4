"""Starts work anew with fewer images at a time when memory runs out, until it fits or cannot be made smaller."""

from __future__ import annotations

import functools
import gc
import logging
from collections.abc import Callable, Iterator
from typing import ParamSpec

from napari_unlearn.jobs.events import Event, Note
from napari_unlearn.jobs.guard import out_of_memory
from napari_unlearn.models.images_at_once import FEWEST, divided

Arguments = ParamSpec("Arguments")
_LOG = logging.getLogger(__name__)


def with_fewer_images(work: Callable[Arguments, Iterator[Event]]) -> Callable[Arguments, Iterator[Event]]:
    """Let work that runs out of memory begin again with half as many images at a time.

    Parameters
    ----------
    work : callable
        Makes a generator of events; nothing it does outlives it before its last event, so that it can begin again.

    Returns
    -------
    callable
        The same, with a `Note` and a line in the log before every new beginning. It raises what `work` raises once the
        number of images cannot be made smaller, or did not matter.
    """

    @functools.wraps(work)
    def events(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Iterator[Event]:
        divisor = 1
        while True:
            with divided(divisor) as share:
                try:
                    yield from work(*args, **kwargs)
                    return
                except Exception as error:
                    # One process of several that begins again would wait for the others for ever.
                    if not out_of_memory(error) or share.largest <= FEWEST or several():
                        raise
            divisor *= 2
            _free()
            images = max(FEWEST, share.largest // 2)
            sentence = f"Memory ran out; beginning again with at most {images} images at a time, which takes longer."
            _LOG.warning(sentence)
            yield Note(sentence)

    return events


def several() -> bool:
    """Whether several processes work together."""
    from napari_unlearn.models.ranks import ranks

    return ranks().count > 1


def _free() -> None:
    """Give back what the attempt has left; torch keeps memory of a graphics card for itself until asked."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
