"""Command `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json, ModelFolder
from napari_unlearn.jobs.events import Preview
from napari_unlearn.jobs.token import Token


def predict(
    dataset: DatasetFolder,
    model: ModelFolder,
    out: Annotated[Path, typer.Option(help="Folder for the masks, one PNG of class ids a case.", show_default=False)],
    case: Annotated[list[str] | None, typer.Option(help="Only this case; may be repeated.", show_default=False)] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Predict the masks of a data set and write them as PNG files."""
    from napari_unlearn.data.encode import write_mask
    from napari_unlearn.jobs.predict import PredictRequest, events

    token = Token()
    previews: list[Preview] = []
    follow(events(PredictRequest(dataset, model, tuple(case or ()), device), token), token, previews)
    for preview in previews:
        write_mask(out / f"{preview.case_id}.png", preview.prediction)
    if json:
        print_json({"folder": str(out), "cases": len(previews)})
    else:
        OUT.print(f"Wrote {len(previews)} masks to {out}", markup=False, highlight=False, soft_wrap=True)
