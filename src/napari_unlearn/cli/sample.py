"""Command `sample`."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import ERR, OUT, fail, print_json
from napari_unlearn.cli.options import Json
from napari_unlearn.errors import UserError


class Coarse(StrEnum):
    """How coarse masks are made from lesions."""

    BOX = "box"
    DILATION = "dilation"


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder to write to.")],
    cases: Annotated[
        int, typer.Option(min=4, help="Cases to train on; each test split has a third of it, at least 20.")
    ] = 600,
    size: Annotated[int, typer.Option(min=64, max=1024, metavar="PX", help="Side of the images in pixels.")] = 128,
    classes: Annotated[
        int, typer.Option(min=2, max=3, help="3: background, benign, malignant. 2: background, malignant.")
    ] = 3,
    shortcut: Annotated[
        float, typer.Option(min=0, max=1, metavar="P", help="How surely artefact and diagnosis agree; 0.5 is chance.")
    ] = 0.95,
    fine: Annotated[
        float, typer.Option(min=0, max=1, metavar="F", help="Share of train cases that get fine masks.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 0,
    coarse: Annotated[Coarse, typer.Option(help="Coarse masks: boxes or thick outlines.")] = Coarse.BOX,
    coarse_margin: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="How far coarse masks reach beyond the lesion, in image sides; 0.08 for boxes, 0.1 for dilations.",
            show_default=False,
        ),
    ] = None,
    separation: Annotated[
        float,
        typer.Option(
            min=0,
            max=10,
            metavar="SD",
            help="How different the diagnoses look: distance of their means in every sign, in standard deviations.",
        ),
    ] = 1.5,
    json: Json = False,
) -> None:
    """Write synthetic dermoscopy images with a planted shortcut; they hold no patient data."""
    from rich.progress import Progress

    from napari_unlearn.data.synthetic import write_sample

    started = time.monotonic()
    try:
        with Progress(console=ERR.console, transient=True) as bars:
            task = bars.add_task("Drawing cases", total=None)
            dataset = write_sample(
                folder,
                cases,
                size,
                classes,
                shortcut,
                fine,
                seed,
                coarse.value,
                margin=coarse_margin,
                separation=separation,
                progress=lambda done, total: bars.update(task, completed=done, total=total),
            )
    except UserError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("Cancelled; nothing was written.")
    counts = {split: len(dataset.split(split)) for split in dataset.splits}
    refined = len(dataset.refined("train"))
    if json:
        seconds = round(time.monotonic() - started, 3)
        print_json({"folder": str(folder), "cases": counts, "refined": refined, "seconds": seconds})
        return
    listed = ", ".join(f"{split} {count}" for split, count in counts.items())
    written = f"Wrote {sum(counts.values())} cases to {folder} ({listed}); {refined} train cases have fine masks."
    OUT.print(written, markup=False, highlight=False, soft_wrap=True)
