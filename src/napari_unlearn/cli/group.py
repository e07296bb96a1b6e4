"""All commands together: whatever ends one of them, it ends in one sentence."""

from __future__ import annotations

import errno
from typing import Any

import typer
from typer.core import TyperGroup

from napari_unlearn.cli.console import fail


class Commands(TyperGroup):
    """Commands of which most are jobs, that end in a sentence anyway; the others do here."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the chosen command.

        Raises
        ------
        typer.Exit
            The user, the disk or the memory ended it, and a sentence on standard error says so.
        """
        try:
            return super().invoke(ctx)
        except Exception as error:
            from napari_unlearn.jobs.guard import explain, understood

            # What nobody understands keeps its traceback, for a bug report; a reader that went away needs no sentence.
            if not understood(error) or getattr(error, "errno", None) == errno.EPIPE:
                raise
            failed = explain(error)
            fail(f"{failed.sentence} {failed.remedy}")
