"""Command `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, fail, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json, ModelFolder
from napari_unlearn.errors import UserError
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

    def write(preview: Preview) -> None:
        write_mask(out / f"{preview.case_id}.png", preview.prediction)

    token = Token()
    try:
        written = follow(events(PredictRequest(dataset, model, tuple(case or ()), device), token), token, write)
    except UserError as error:
        fail(str(error))
    if json:
        print_json({"folder": str(out), "cases": written})
    else:
        OUT.print(f"Wrote {written} masks to {out}", markup=False, highlight=False, soft_wrap=True)
