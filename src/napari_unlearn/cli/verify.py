"""Command `verify`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_unlearn.cli.console import OUT, fail, print_json
from napari_unlearn.cli.options import Json
from napari_unlearn.cli.unlearn import guarantee
from napari_unlearn.errors import UserError

Checked = Annotated[
    Path,
    typer.Argument(
        help="Folder of an unlearning run, or a data set folder or audit.jsonl for the trail of the work on its masks.",
        show_default=False,
    ),
]


def verify(path: Checked, json: Json = False) -> None:
    """Check a run again, its numbers, assumptions and files; or the audit trail of a data set and its masks."""
    from napari_unlearn.project.audit_trail import find_trail

    try:
        failures, facts, sentence = _run(path) if find_trail(path) is None else _trail(path)
    except UserError as error:
        fail(str(error))
    if json:
        print_json({"valid": not failures, "failures": list(failures), **facts})
    if failures:
        if not json:
            fail("\n".join(["Not valid:", *(f"- {sentence}" for sentence in failures)]))
        raise typer.Exit(1)
    if not json:
        OUT.print(sentence, markup=False, highlight=False)


def _run(path: Path) -> tuple[Sequence[str], dict[str, Any], str]:
    from napari_unlearn.jobs.run_folder import read_certificate, verify_run

    failures = verify_run(path)
    if failures:
        return failures, {}, ""
    record = read_certificate(path)
    promise = guarantee(record.tier, record.epsilon, record.delta, record.status)
    return failures, {}, f"Valid: {record.operator}, {promise}."


def _trail(path: Path) -> tuple[Sequence[str], dict[str, Any], str]:
    from napari_unlearn.project.audit_trail import verify_trail

    trail = verify_trail(path)
    said = f"Valid: {trail.lines} entries in order, and every mask is as the last entry about it says."
    return trail.failures, {"entries": trail.lines, "last": trail.last}, f"{said} Last: {trail.last}"
