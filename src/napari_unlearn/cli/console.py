"""How every command talks: results to standard output, all else to standard error, one sentence when it fails."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from napari_unlearn.jobs import events
from napari_unlearn.jobs.token import Token

if TYPE_CHECKING:
    from napari_unlearn.cli.plain_console import PlainConsole


class Stream:
    """Standard output or standard error; rich is loaded when something is printed, since `--help` does without.

    Parameters
    ----------
    stderr : bool
        Whether it is standard error.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @functools.cached_property
    def console(self) -> PlainConsole:
        """The terminal itself."""
        from napari_unlearn.cli.plain_console import PlainConsole

        return PlainConsole(stderr=self._stderr)

    def print(self, *shown: object, **options: Any) -> None:
        """Print as `rich.console.Console.print` does, and take nothing from a string but its letters."""
        self.console.print(*shown, **options)


ERR = Stream(stderr=True)
OUT = Stream()


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
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from napari_unlearn.cli.plain_console import CONTROL

    console = ERR.console
    described, left_over = (TextColumn(f"{{task.{field}}}", markup=False) for field in ("description", "fields[left]"))
    columns = (described, BarColumn(), left_over, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Starting", total=None, left="")
        try:
            for event in job:
                match event:
                    case events.Progress(done, total, message, remaining):
                        left = "" if remaining is None else f"about {_duration(remaining)} left"
                        bars.update(
                            task,
                            description=message.translate(CONTROL),
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
