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
