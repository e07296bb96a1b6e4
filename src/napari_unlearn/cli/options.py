"""Arguments that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import fail
from napari_unlearn.errors import UserError

DatasetFolder = Annotated[Path, typer.Argument(help="Data set folder.", show_default=False)]
ModelFolder = Annotated[Path, typer.Argument(help="Model folder.", show_default=False)]
RunFolder = Annotated[Path, typer.Argument(help="Folder of an unlearning run.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Devices = Annotated[
    int,
    typer.Option(
        min=1,
        help="Processes on this computer, each with a device of its own; under torchrun leave this out. Needs "
        "napari-unlearn[scale].",
    ),
]
Precision = Annotated[str, typer.Option(help="Of networks: 32-true, or bf16-mixed, which needs napari-unlearn[scale].")]
Setting = Annotated[
    list[str] | None,
    typer.Option(help="A number of the operator, as NAME=VALUE; may be repeated.", show_default=False),
]


@contextmanager
def together(devices: int, precision: str, device: str) -> Iterator[bool]:
    """Launch several processes where they are asked for; see `jobs.launch.launched`.

    Yields
    ------
    bool
        Whether this is the first process, which tells the result.
    """
    from napari_unlearn.jobs.launch import launched

    with ExitStack() as stack:
        try:
            first = stack.enter_context(launched(devices, precision, device))
        except UserError as error:
            fail(str(error))
        yield first


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
