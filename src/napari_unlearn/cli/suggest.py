"""Command `suggest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from napari_unlearn.cli.console import OUT, fail, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json
from napari_unlearn.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from napari_unlearn.data.suggestion import Share, Told

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--even", help="Column to even out between diagnoses; may be repeated. All that sort into a few kinds if none."
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        help="Model whose encoder looks at what surrounds the lesions, so that this is evened out as well, also where "
        "no column tells of it.",
        show_default=False,
    ),
]


def suggest(
    dataset: DatasetFolder,
    cases: Annotated[int, typer.Option(min=1, help="How many to suggest.")] = 10,
    even: Columns = None,
    model: Model = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides between cases that serve equally well.")] = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Tell which cases to refine next, so that nothing but the lesion tells the diagnosis of the refined ones."""
    import numpy as np

    from napari_unlearn.data import suggestion
    from napari_unlearn.data.dataset import open_dataset
    from napari_unlearn.jobs.train import training_split
    from napari_unlearn.project.case_notes import taking_part

    try:
        opened = open_dataset(dataset)
        training = taking_part(dataset, opened.split(training_split(opened)))
        columns = tuple(even) if even else suggestion.attributes(training)
        told = None if model is None else _surroundings(dataset, model, device)
        if told is not None:
            training = suggestion.note_surroundings(training, told)
            columns = tuple(dict.fromkeys((*columns, suggestion.SURROUNDINGS)))
        found = suggestion.suggest(training, cases, columns, np.random.default_rng(seed), told)
    except UserError as error:
        fail(str(error))
    after = [case for case in training if case.is_refined] + [each.case for each in found]
    everywhere, among = suggestion.shares(training, columns), suggestion.shares(after, columns)
    if json:
        print_json(
            {
                "columns": columns,
                "cases": [
                    {"id": each.case.id, "diagnosis": each.case.diagnosis, "reason": each.reason} for each in found
                ],
                "all": [asdict(each) for each in everywhere],
                "refined": [asdict(each) for each in among],
            }
        )
        return
    from rich.table import Table

    grid = Table("Case", "Diagnosis", "Why", title="Refine next")
    for each in found:
        grid.add_row(each.case.id, each.case.diagnosis, each.reason)
    OUT.print(grid)
    if columns:
        OUT.print(_evenness(everywhere, among))


def _surroundings(dataset: Path, model: Path, device: str) -> Mapping[str, Told]:
    from napari_unlearn.jobs.surroundings import SurroundingsRequest, events
    from napari_unlearn.jobs.token import Token

    token = Token()
    return cast("Mapping[str, Told]", follow(events(SurroundingsRequest(dataset, model, device), token), token))


def _evenness(everywhere: Sequence[Share], among: Sequence[Share]) -> Table:
    from rich.table import Table

    diagnoses = sorted({each.diagnosis for each in everywhere})
    table = Table("Attribute", *diagnoses, title="All training cases -> refined with these")
    after = {(each.attribute, each.diagnosis): each.share for each in among}
    shown = {each.diagnosis for each in among}
    rows: dict[str, list[str]] = {}
    for each in everywhere:
        # What no refined case has is no attribute of theirs.
        later = f"{after.get((each.attribute, each.diagnosis), 0):.0%}" if each.diagnosis in shown else "none refined"
        rows.setdefault(each.attribute, []).append(f"{each.share:.0%} -> {later}")
    for attribute, cells in rows.items():
        table.add_row(attribute, *cells)
    return table
