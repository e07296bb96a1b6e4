"""Command `benchmark`."""

from __future__ import annotations

import dataclasses
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import ERR, OUT, fail, follow, print_json
from napari_unlearn.cli.options import Json
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.token import Token


class Design(StrEnum):
    """Which settings."""

    STAR = "star"
    GRID = "grid"


def benchmark(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="CSV file that rows are added to.", show_default=False)
    ],
    design: Annotated[
        Design, typer.Option(help="star: one factor at a time away from the first value of each; grid: all of them.")
    ] = Design.STAR,
    classes: Annotated[list[int] | None, typer.Option(help="2 or 3; may be repeated. Default: 3 and 2.")] = None,
    correlation: Annotated[
        list[float] | None,
        typer.Option(help="Of artefact and diagnosis; may be repeated. Default: 0.95, then 0.5 to 1."),
    ] = None,
    coarse: Annotated[
        list[str] | None, typer.Option(help="dilation or box; may be repeated. Default: dilation, then box.")
    ] = None,
    fine: Annotated[
        list[float] | None,
        typer.Option(help="Share of refined cases; may be repeated. Default: 0.1, then 0.01, 0.05, 0.25, 0.5, 1."),
    ] = None,
    swaps: Annotated[
        list[int] | None,
        typer.Option(help="Composed cases per refined case; may be repeated. Default: 8, then 0."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, from 0.")] = 5,
    operator: Annotated[
        list[str] | None, typer.Option(help="Operator to measure; may be repeated. Default: all.")
    ] = None,
    epsilon: Annotated[float, typer.Option(help="Budget of certified operators.")] = 1.0,
    delta: Annotated[float, typer.Option(help="Budget of certified operators.")] = 1e-5,
    dataset: Annotated[
        Path | None,
        typer.Option(
            help="Data set folder with fine masks and splits named train, …aligned and …conflicting, to measure on "
            "instead of drawn images.",
            show_default=False,
        ),
    ] = None,
    cases: Annotated[int, typer.Option(min=4, help="Training cases.")] = 300,
    size: Annotated[int, typer.Option(min=64, max=1024, metavar="PX", help="Long side of images.")] = 96,
    encoder: Annotated[str, typer.Option(help="A file, shipped, auto, or an architecture with ImageNet weights.")] = (
        "shipped"
    ),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. Default: one a core.", show_default=False)
    ] = None,
    tables: Annotated[bool, typer.Option("--tables", help="Measure nothing; print TABLE as Markdown.")] = False,
    figures: Annotated[
        Path | None,
        typer.Option(help="Measure nothing; draw TABLE as SVG files into this folder.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Measure operators in many settings; what TABLE has already is not measured again."""
    if tables or figures is not None:
        _show(table, tables, figures, json)
        return
    from napari_unlearn.benchmark.asked import Asked, request
    from napari_unlearn.benchmark.design import Factors, Models
    from napari_unlearn.benchmark.job import BenchmarkResult, events

    usual = Factors()
    try:
        asked = Asked(
            Factors(
                tuple(classes or usual.classes),
                tuple(correlation or usual.correlation),
                tuple(coarse or usual.coarse),
                tuple(fine or usual.fine),
                tuple(usual.swaps if swaps is None else swaps),
            ),
            Models(tuple(operator or ()), epsilon, delta),
            design == Design.GRID,
            seeds,
            cases,
            size,
            encoder,
            dataset,
        )
        if dataset is not None and (classes or correlation):
            raise UserError("Classes and correlation are those of the data set; leave --classes and --correlation out.")
        made = request(asked, table, workers or os.cpu_count() or 1)
    except UserError as error:
        fail(str(error))
    token = Token()
    result = follow(events(made, token), token)
    assert isinstance(result, BenchmarkResult)
    if json:
        print_json({**dataclasses.asdict(result), "table": str(result.table)})
    else:
        OUT.print(
            f"{result.measured} measured, {result.found} found in {result.table}, {result.left} left, "
            f"{result.failures} with a remark.",
            soft_wrap=True,
        )
    if result.left:
        fail(f"Stopped with {result.left} of {len(made.trials)} models left; the same command goes on from there.")


def _show(table: Path, tables: bool, figures: Path | None, json: bool) -> None:
    """Print and draw what was measured."""
    from napari_unlearn.benchmark.results import Results
    from napari_unlearn.benchmark.tables import markdown

    written: list[Path] = []
    try:
        rows = Results(table).rows
        if not rows:
            raise UserError(f"{table} holds no row yet; measure first, with the same command without this option.")
        if figures is not None:
            from napari_unlearn.benchmark.figures import draw

            written = draw(rows, figures)
    except UserError as error:
        fail(str(error))
    text = markdown(rows) if tables else ""
    if json:
        print_json({"rows": len(rows), "tables": text, "figures": [str(path) for path in written]})
        return
    if tables:
        sys.stdout.write(text)
    for path in written:
        ERR.print(f"{path} written.", soft_wrap=True)
