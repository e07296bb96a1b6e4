"""How every command talks: results to standard output, all else to standard error, one sentence when it fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from napari_unlearn.jobs import events
from napari_unlearn.jobs.token import Token

# Shown as they are written in Python, except line break and tab: others make a terminal do things.
_CONTROL = {number: f"\\x{number:02x}" for number in (*range(9), *range(11, 32), *range(127, 160))}


class PlainConsole(Console):
    """A terminal on which names from files mean nothing: no markup, and no control characters."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string, also one in a table, into what is shown."""
        return super().render_str(text.translate(_CONTROL), **options)


ERR = PlainConsole(stderr=True)
OUT = PlainConsole()


def fail(sentence: str) -> NoReturn:
    """End the command with exit status 1 and one sentence.

    Parameters
    ----------
    sentence : str
        What went wrong and what helps.

    Raises
    ------
    typer.Exit
        Always.
    """
    ERR.print(sentence, style="bold red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def print_json(value: object) -> None:
    """Write the one machine-readable object of a command to standard output.

    Parameters
    ----------
    value : object
        What JSON can express, without NaN.
    """
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def follow(job: Iterator[events.Event], token: Token, show: Callable[[events.Preview], None] | None = None) -> object:
    """Run a job to its end, with a progress bar on standard error; Ctrl+C cancels it.

    Parameters
    ----------
    job : iterator of Event
        The job.
    token : Token
        The job's token.
    show : callable or None
        Called with each of the job's previews.

    Returns
    -------
    object
        Result of the job.

    Raises
    ------
    typer.Exit
        The job failed or was cancelled.
    """
    described, left_over = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[left]"))
    columns = (described, BarColumn(), left_over, TimeElapsedColumn())
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bars:
        task = bars.add_task("Starting", total=None, left="")
        try:
            for event in job:
                match event:
                    case events.Progress(done, total, message, remaining):
                        left = "" if remaining is None else f"about {_duration(remaining)} left"
                        bars.update(
                            task,
                            description=message.translate(_CONTROL),
                            completed=done,
                            total=total or None,
                            left=left,
                        )
                    case events.Preview() if show is not None:
                        show(event)
                    case events.Done(result):
                        return result
                    case events.Failed(sentence, remedy):
                        bars.stop()
                        fail(f"{sentence} {remedy}")
                    case events.Cancelled():
                        bars.stop()
                        fail("Cancelled; nothing was changed.")
                    case _:
                        pass
        except KeyboardInterrupt:
            token.cancel()
            bars.stop()
            fail("Cancelled; nothing was changed.")
    raise AssertionError("A job must end in Done, Failed or Cancelled.")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
