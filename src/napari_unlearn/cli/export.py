"""Command `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, fail, print_json
from napari_unlearn.cli.options import Json
from napari_unlearn.errors import UserError


def export(
    source: Annotated[Path, typer.Argument(help="Folder of a run or of a model.", show_default=False)],
    out: Annotated[Path, typer.Option(help="New folder.", show_default=False)],
    json: Json = False,
) -> None:
    """Write a model, with its certificate where it has one, as a folder to hand on."""
    from napari_unlearn.export import export_model

    try:
        model = export_model(source, out)
    except (UserError, OSError) as error:
        fail(str(error))
    if json:
        print_json({"folder": str(out), "model": str(model)})
    else:
        OUT.print(f"Exported to {out}", markup=False, highlight=False, soft_wrap=True)
