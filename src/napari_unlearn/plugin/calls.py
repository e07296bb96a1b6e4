"""A plain function as a job: named rather than held, so that it is imported where it runs and can be pickled."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token


@dataclass(frozen=True)
class Call:
    """A function by module and name, its arguments, and what to tell the user meanwhile."""

    module: str
    function: str
    arguments: tuple[Any, ...] = ()
    message: str = "Working"


@guarded
def events(request: Call, token: Token) -> Iterator[Event]:
    """Call the function; its value is the result of the job."""
    yield Progress(0, 0, request.message)
    function = getattr(importlib.import_module(request.module), request.function)
    yield Done(function(*request.arguments))
