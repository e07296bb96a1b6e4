"""Command `unlearn`."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import Annotated

import typer

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import (
    DatasetFolder,
    Device,
    Devices,
    Json,
    ModelFolder,
    Precision,
    Setting,
    settings_of,
    together,
)
from napari_unlearn.jobs.token import Token


def unlearn(
    dataset: DatasetFolder,
    model: ModelFolder,
    out: Annotated[Path, typer.Option(help="Folder of the run; must be new.", show_default=False)],
    operator: Annotated[str, typer.Option(help="One of those that `operators` lists.")] = "exact-refit",
    epsilon: Annotated[float, typer.Option(help="Privacy budget of a certified operator.")] = 1.0,
    delta: Annotated[float, typer.Option(help="Chance that the budget is exceeded.")] = 1e-5,
    counterfactual: Annotated[int, typer.Option(help="Composed cases per refined case.")] = 0,
    setting: Setting = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Choose radii, steps and decay for the budget, see the command plan.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the choice of pixels and partners, never of noise.")] = 0,
    noise_seed: Annotated[
        int | None,
        typer.Option(help="For tests: privacy noise that can be repeated; the run is then not certified."),
    ] = None,
    public_encoder: Annotated[
        str | None,
        typer.Option(
            help="The encoder that a wholly trained U-Net started from: a file, 'shipped' or the name of an "
            "architecture. Looked for where it is not named.",
            show_default=False,
        ),
    ] = None,
    forget_cases: Annotated[
        str | None,
        typer.Option(
            help="Forget whole training cases: those that fit a criterion on the columns of metadata.csv, such as "
            "'site = Vienna and acquired < 2019-07-01'.",
            show_default=False,
        ),
    ] = None,
    keep_coarse: Annotated[
        bool,
        typer.Option(
            "--keep-coarse",
            help="With --forget-cases: the other cases teach with their coarse masks where they have no fine ones.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where a run of the same request was killed; begin anew if there is none."),
    ] = False,
    device: Device = "auto",
    devices: Devices = 1,
    precision: Precision = "32-true",
    json: Json = False,
) -> None:
    """Make a model forget what coarse masks took in: one unlearning run."""
    from napari_unlearn.jobs.run_folder import METRICS
    from napari_unlearn.jobs.unlearn import RunResult, UnlearnRequest, events

    token = Token()
    numbers = settings_of(setting)
    request = UnlearnRequest(
        dataset,
        model,
        out,
        operator,
        epsilon,
        delta,
        counterfactual,
        device,
        seed,
        numbers,
        noise_seed,
        public_encoder,
        plan,
        forget_cases,
        keep_coarse,
        resume,
    )
    with together(devices, precision, device) as first:
        result = follow(events(request, token), token)
    if not first:
        return  # the first process tells what all of them made
    assert isinstance(result, RunResult)
    if json:
        print_json(result.to_json())
        return
    promise = guarantee(result.tier, result.epsilon, result.delta, result.status)
    OUT.print(
        f"{result.operator} ({promise}) in {result.seconds:.0f} s: "
        f"kept {result.retain_pixels:,} pixels, forgot {result.forget_pixels:,}.\n"
        f"Model: {result.model}\nCertificate: {result.folder / 'certificate.json'}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if result.stopped is not None:
        OUT.print(result.stopped, markup=False, highlight=False, soft_wrap=True)
    if result.left_out_cases:
        OUT.print(
            f"Left out {result.left_out_cases} training cases that earlier runs of this model forgot whole.",
            highlight=False,
            soft_wrap=True,
        )
    metrics = loads((result.folder / METRICS).read_text(encoding="utf-8"))
    if metrics["excluded_cases"]:
        OUT.print(f"Left out {metrics['excluded_cases']} training cases that were excluded by hand.", highlight=False)
    if metrics["forgotten_cases"]:
        OUT.print(
            f"Forgot {metrics['forgotten_cases']} whole cases and dropped {metrics['dropped_maps']} files of their "
            "cached features. Runs that start from this model leave them out; another model, or a new one that is "
            "trained, would learn from them again, so remove them from the data set.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    loss = metrics["retain_loss"]
    if loss["same_recipe_from_public_start"] is not None:
        OUT.print(
            f"Loss on what was kept: {loss['before']:.3f} before, {loss['after']:.3f} after, "
            f"{loss['same_recipe_from_public_start']:.3f} by the same steps from the public start.",
            highlight=False,
            soft_wrap=True,
        )


def guarantee(tier: str, epsilon: float | None, delta: float | None, status: str = "") -> str:
    """Say what a run guarantees.

    Parameters
    ----------
    tier : str
        Kind of guarantee.
    epsilon, delta : float or None
        None for an empirical run.
    status : str
        The stamp of the certificate, if there is one.

    Returns
    -------
    str
    """
    if tier == "empirical":
        return status if status.startswith("not certified") else "empirical, no guarantee"
    return "exact" if tier == "exact" else f"certified, epsilon {epsilon:.3g}, delta {delta:.0e}"
