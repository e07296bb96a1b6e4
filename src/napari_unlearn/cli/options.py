"""Arguments that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DatasetFolder = Annotated[Path, typer.Argument(help="Data set folder.", show_default=False)]
ModelFolder = Annotated[Path, typer.Argument(help="Model folder.", show_default=False)]
RunFolder = Annotated[Path, typer.Argument(help="Folder of an unlearning run.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Setting = Annotated[
    list[str] | None,
    typer.Option(help="A number of the operator, as NAME=VALUE; may be repeated.", show_default=False),
]


def settings_of(pairs: list[str] | None) -> dict[str, float]:
    """Read the option `--setting`.

    Parameters
    ----------
    pairs : list of str or None
        NAME=NUMBER each.

    Returns
    -------
    dict of str to float

    Raises
    ------
    typer.BadParameter
        One of them is something else.
    """
    settings = {}
    for pair in pairs or []:
        name, _, value = pair.partition("=")
        try:
            settings[name] = float(value)
        except ValueError as error:
            raise typer.BadParameter(f"'{pair}' is not NAME=NUMBER", param_hint="--setting") from error
    return settings
