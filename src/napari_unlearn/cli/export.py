"""Command `export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, fail, print_json
from napari_unlearn.cli.options import Json
from napari_unlearn.errors import UserError
from napari_unlearn.export.formats import FORMATS, OWN

_NAMES = ", ".join(entry.name for entry in FORMATS)


def export(
    source: Annotated[Path, typer.Argument(help="Folder of a run or of a model.", show_default=False)],
    out: Annotated[Path, typer.Option(help="New folder.", show_default=False)],
    form: Annotated[str, typer.Option("--format", help=f"One of {_NAMES}.")] = OWN,
    json: Json = False,
) -> None:
    """Write a model, with its certificate where it has one, as a folder to hand on."""
    from napari_unlearn.export import export_model

    try:
        model = export_model(source, out, form)
        if form == OWN:
            measured = None
        else:
            from napari_unlearn.export.portable import read_facts

            measured = read_facts(out)["round_trip"]
    except UserError as error:
        fail(str(error))
    if json:
        told = {"folder": str(out), "model": str(model)}
        print_json(told if measured is None else {**told, "format": form, "round_trip": measured})
        return
    OUT.print(f"Exported to {out}", markup=False, highlight=False, soft_wrap=True)
    if measured is not None:
        sentence = (
            f"Loaded again on {measured['images']} drawn images: probabilities differ by at most "
            f"{measured['largest_probability_difference']:.2g}, {measured['different_pixels']} of "
            f"{measured['pixels']} pixels have another class."
        )
        OUT.print(sentence, markup=False, highlight=False, soft_wrap=True)
