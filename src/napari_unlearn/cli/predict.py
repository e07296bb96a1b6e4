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
    out: Annotated[Path, typer.Option(help="Folder for the masks.", show_default=False)],
    case: Annotated[list[str] | None, typer.Option(help="Only this case; may be repeated.", show_default=False)] = None,
    masks_as: Annotated[
        str, typer.Option(help="png: class ids, a file a case. coco: one file of run lengths. dicom-seg.")
    ] = "png",
    keep_patient: Annotated[
        bool, typer.Option("--keep-patient", help="Copy patient and study into DICOM segmentations.")
    ] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Predict the masks of a data set and write them as files."""
    from napari_unlearn.data.dataset import open_dataset
    from napari_unlearn.export.masks import mask_writer
    from napari_unlearn.jobs.predict import PredictRequest, events
    from napari_unlearn.models.checkpoint import load_segmenter

    token = Token()
    try:
        classes = load_segmenter(model).card.classes
        writer = mask_writer(masks_as, out, classes, keep_patient=keep_patient)
        opened = open_dataset(dataset)
        writer.check([opened.case(name) for name in case or ()] or opened.cases)

        def write(preview: Preview) -> None:
            writer.add(opened.case(preview.case_id), preview.prediction)

        written = follow(events(PredictRequest(dataset, model, tuple(case or ()), device), token), token, write)
        writer.finish()
    except UserError as error:
        fail(str(error))
    if json:
        print_json({"folder": str(out), "cases": written})
    else:
        OUT.print(f"Wrote {written} masks to {out}", markup=False, highlight=False, soft_wrap=True)
