"""Command `demo`: the whole main job on the shipped sample, in a window or without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import ERR, OUT, fail, follow, print_json
from napari_unlearn.cli.evaluate import table
from napari_unlearn.cli.options import Json
from napari_unlearn.cli.unlearn import guarantee
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.token import Token

SWAPS = 8


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Work without a window.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the copy of the sample and for the results.")] = Path(
        "demo-output"
    ),
    json: Json = False,
) -> None:
    """Unlearn the shortcut of the shipped sample; opens the window where there is a display."""
    from napari_unlearn.data.sample import sample_folder

    try:
        sample = sample_folder()
    except UserError as error:
        fail(str(error))
    dataset, model = out / "dataset", out / "model"
    for source, copy in ((sample / "dataset", dataset), (sample / "model", model)):
        if not copy.exists():
            shutil.copytree(source, copy)
    if not headless and _has_display():
        ERR.print(f"Opening the window on {dataset}. Refine, unlearn and compare there.", markup=False, highlight=False)
        command = [sys.executable, "-m", "napari_unlearn.plugin", str(dataset), "--model", str(model)]
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    if not headless:
        ERR.print("There is no display, so the demo runs without a window.", highlight=False)
    _main_job(dataset, model, out, json)


def _main_job(dataset: Path, model: Path, out: Path, json: bool) -> None:
    from napari_unlearn.jobs import evaluate as evaluating
    from napari_unlearn.jobs import unlearn as unlearning
    from napari_unlearn.jobs.run_folder import verify_run

    token = Token()
    run = _new_folder(out / "runs")
    request = unlearning.UnlearnRequest(dataset, model, run, counterfactual=SWAPS)
    made = follow(unlearning.events(request, token), token)
    assert isinstance(made, unlearning.RunResult)
    measured = follow(evaluating.events(evaluating.EvaluateRequest(dataset, made.model, before=model), token), token)
    assert isinstance(measured, evaluating.EvaluateResult)
    failures = verify_run(run)
    if json:
        print_json({"unlearn": made.to_json(), "evaluate": measured.to_json(), "failures": failures})
    else:
        OUT.print(
            f"The model learned from coarse masks. {made.operator} with {SWAPS} composed cases per refined case made "
            f"it forget {made.forget_pixels:,} pixels in {made.seconds:.0f} s "
            f"({guarantee(made.tier, made.epsilon, made.delta)}).",
            soft_wrap=True,
            highlight=False,
        )
        OUT.print(table(measured.after, measured.before))
        for title, path in (
            ("Data set", dataset),
            ("Model before", model),
            ("Model after", made.model),
            ("Certificate", run / "certificate.json"),
        ):
            OUT.print(f"{title}: {path}", markup=False, highlight=False, soft_wrap=True)
    if failures:
        fail(" ".join(failures))


def _new_folder(parent: Path) -> Path:
    number = 1
    while (parent / f"{number:03d}").exists():
        number += 1
    return parent / f"{number:03d}"


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
