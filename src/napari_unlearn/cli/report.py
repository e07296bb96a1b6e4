"""Command `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import Device, Json, RunFolder
from napari_unlearn.jobs.token import Token


def report(
    run: RunFolder,
    dataset: Annotated[Path | None, typer.Option(help="Data set of the run, for pictures and numbers.")] = None,
    before: Annotated[Path | None, typer.Option(help="Model that the run started from, to compare with.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; RUN.report.html if left out.")] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="What evaluate --json printed for these models; measured anew if left out.")
    ] = None,
    retrained: Annotated[
        Path | None, typer.Option(help="Model that never saw the forgotten labels, to stand beside both in the map.")
    ] = None,
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Let the report say where things lie on this machine.")
    ] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write a report of a run as one HTML file, with the card of its model beside it."""
    from napari_unlearn.report.making import ReportRequest, ReportResult, default_out, events

    token = Token()
    target = default_out(run) if out is None else out
    request = ReportRequest(
        run, target, dataset, before, evaluation, device, with_paths=with_paths, retrained=retrained
    )
    result = follow(events(request, token), token)
    assert isinstance(result, ReportResult)
    if json:
        print_json(result.to_json())
        return
    OUT.print(f"Report: {result.report}\nModel card: {result.card}", markup=False, highlight=False, soft_wrap=True)
    if result.missing:
        OUT.print(f"The report lacks {', '.join(result.missing)}, and says so.", highlight=False, soft_wrap=True)
    if not result.verified:
        OUT.print("The run does not pass its own check; the report says why.", highlight=False, soft_wrap=True)
