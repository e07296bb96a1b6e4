"""Command `train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import ERR, OUT, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Devices, Json, Precision, together
from napari_unlearn.jobs.token import Token


def train(
    dataset: DatasetFolder,
    out: Annotated[Path, typer.Option(help="Folder of the new model.", show_default=False)],
    masks: Annotated[str, typer.Option(help="Which masks to learn from: coarse or fine.")] = "coarse",
    encoder: Annotated[
        str,
        typer.Option(
            help="A file, 'shipped', an architecture with ImageNet weights such as mobilenet_v2, or 'auto': ImageNet "
            "where it can be downloaded, the shipped encoder otherwise."
        ),
    ] = "auto",
    trainable: Annotated[
        str,
        typer.Option(
            help="What is fitted on the masks: 'head', a linear head on the frozen encoder, which every operator can "
            "revise; 'decoder', the decoder of a U-Net on the frozen encoder; or 'all', the whole U-Net."
        ),
    ] = "head",
    size: Annotated[
        int | None, typer.Option(help="Long side of the working image in pixels, a multiple of 32.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that is drawn at random.")] = 0,
    method: Annotated[
        str,
        typer.Option(
            help="How a head is fitted: 'newton', to the minimum; 'bounded', to the minimum on features of bounded "
            "length, for the operator newton-step; or 'pnsgd', by noisy gradient descent, for the operator pnsgd."
        ),
    ] = "newton",
    strength: Annotated[
        float | None,
        typer.Option(help="Pull of a head's weights towards zero; the default depends on the method."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model that is in the folder, once the new one is complete.")
    ] = False,
    device: Device = "auto",
    devices: Devices = 1,
    precision: Precision = "32-true",
    json: Json = False,
) -> None:
    """Fit a segmenter on the split `train` of a data set."""
    from napari_unlearn.jobs.train import TrainRequest, TrainResult, events

    token = Token()
    request = TrainRequest(dataset, out, masks, encoder, trainable, size, seed, device, method, strength, overwrite)
    with together(devices, precision, device) as first:
        result = follow(events(request, token), token)
    if not first:
        return
    assert isinstance(result, TrainResult)
    ERR.print(f"Encoder: {result.encoder}", markup=False, highlight=False)
    if json:
        print_json(
            {
                "model": str(result.model),
                "encoder": result.encoder,
                "cases": result.cases,
                "loss": result.loss,
                "seconds": result.seconds,
            }
        )
    else:
        OUT.print(
            f"Trained on the {masks} masks of {result.cases} cases in {result.seconds:.0f} s: {result.model}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
