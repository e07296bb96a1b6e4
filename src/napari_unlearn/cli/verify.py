"""Command `verify`."""

from __future__ import annotations

import typer

from napari_unlearn.cli.console import OUT, fail, print_json
from napari_unlearn.cli.options import Json, RunFolder
from napari_unlearn.cli.unlearn import guarantee
from napari_unlearn.errors import UserError


def verify(run: RunFolder, json: Json = False) -> None:
    """Check a run again: its numbers, its assumptions and every byte of its files."""
    from napari_unlearn.jobs.run_folder import read_certificate, verify_run

    try:
        failures = verify_run(run)
    except UserError as error:
        fail(str(error))
    if json:
        print_json({"valid": not failures, "failures": failures})
    if failures:
        if not json:
            fail("\n".join(["Not valid:", *(f"- {sentence}" for sentence in failures)]))
        raise typer.Exit(1)
    if not json:
        record = read_certificate(run)
        OUT.print(
            f"Valid: {record.operator}, {guarantee(record.tier, record.epsilon, record.delta, record.status)}.",
            markup=False,
            highlight=False,
        )
