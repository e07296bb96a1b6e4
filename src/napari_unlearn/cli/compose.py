"""Command `compose`."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json, RunFolder
from napari_unlearn.cli.unlearn import guarantee
from napari_unlearn.jobs.token import Token


def compose(
    dataset: DatasetFolder,
    first: RunFolder,
    second: RunFolder,
    out: Annotated[Path, typer.Option(help="Folder of the new run; must be new.", show_default=False)],
    method: Annotated[
        str, typer.Option(help="interpolate, exchange (U-Nets on one frozen encoder), or best: all that is possible.")
    ] = "best",
    finetune: Annotated[
        int, typer.Option(help="Newton steps (head) or passes (U-Net) on what may be kept, after merging.")
    ] = 0,
    public_encoder: Annotated[
        str | None,
        typer.Option(help="The encoder that wholly trained U-Nets started from, as for `unlearn`.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draws of the fine-tuning.")] = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Make one model of two runs, such as one that keeps well and one that forgets well."""
    from napari_unlearn.jobs.compose import ComposeRequest, events
    from napari_unlearn.jobs.run_folder import METRICS
    from napari_unlearn.jobs.unlearn import RunResult

    token = Token()
    request = ComposeRequest(dataset, first, second, out, method, finetune, public_encoder, device, seed)
    result = follow(events(request, token), token)
    assert isinstance(result, RunResult)
    numbers = loads((result.folder / METRICS).read_text(encoding="utf-8"))
    if json:
        print_json(
            {**result.to_json(), **{key: numbers[key] for key in ("chosen", "dice", "artefacts_left", "leakage")}}
        )
        return
    lines = [
        f"{row['name']}: Dice {row['dice']:.3f}, {row['artefacts_left']:.1%} of the artefacts left"
        for row in numbers["candidates"]
    ]
    OUT.print(
        "\n".join(lines) + f"\n{numbers['rule']}\nChosen: {numbers['chosen']} "
        f"({guarantee(result.tier, result.epsilon, result.delta, result.status)}).\nModel: {result.model}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
