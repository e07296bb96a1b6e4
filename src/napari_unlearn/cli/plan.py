"""Command `plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json, ModelFolder, Setting, settings_of
from napari_unlearn.jobs.token import Token

if TYPE_CHECKING:
    from rich.table import Table

    from napari_unlearn.jobs.predicted import Expected, PlanResult


def plan(
    dataset: DatasetFolder,
    model: ModelFolder,
    operator: Annotated[
        list[str] | None,
        typer.Option(
            help="A certified operator; may be repeated. Default: residual-head and gradient-clipping.",
            show_default=False,
        ),
    ] = None,
    epsilon: Annotated[
        list[float] | None,
        typer.Option(help="A privacy budget; may be repeated. Default: 0.1, 0.3, 1, 3 and 10.", show_default=False),
    ] = None,
    delta: Annotated[float, typer.Option(help="Chance that the budget is exceeded.")] = 1e-5,
    counterfactual: Annotated[int, typer.Option(help="Composed cases per refined case.")] = 0,
    setting: Setting = None,
    draws: Annotated[int, typer.Option(help="How often the noise is drawn for each number.")] = 3,
    cases: Annotated[int, typer.Option(help="At most so many cases of each split are measured.")] = 40,
    seed: Annotated[int, typer.Option(help="Seed of the choice of pixels and of the trial noise.")] = 0,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Say what a privacy budget costs before it is spent: expected Dice and leakage against epsilon."""
    from napari_unlearn.jobs.plan import EPSILONS, OPERATORS, PlanRequest, events
    from napari_unlearn.jobs.predicted import PlanResult

    token = Token()
    request = PlanRequest(
        dataset,
        model,
        tuple(operator or OPERATORS),
        tuple(epsilon or EPSILONS),
        delta,
        counterfactual,
        settings_of(setting),
        draws,
        cases,
        seed,
        device,
    )
    result = follow(events(request, token), token)
    assert isinstance(result, PlanResult)
    if json:
        print_json(result.to_json())
        return
    OUT.print(table(result))
    for line in explanation(result):
        OUT.print(line, markup=False, highlight=False, soft_wrap=True)


def table(result: PlanResult) -> Table:
    """Expected numbers of every operator and budget.

    Parameters
    ----------
    result : PlanResult
        What planning found.

    Returns
    -------
    rich.table.Table
    """
    from rich.table import Table

    grid = Table()
    # In a narrow terminal the spread goes below its number, and nothing is cut short.
    for heading in ("Operator", "ε", "Survives", "Dice", "public", "Leakage", "public"):
        grid.add_column(heading, no_wrap=heading in ("Operator", "ε", "Survives"), overflow="fold")
    exact = result.exact
    grid.add_row("exact-refit", "0", "nothing", _dice(exact), "", _leakage(exact), "")
    grid.add_section()
    for name in result.operators:
        for place, point in enumerate(result.of(name)):
            survival = "-" if point.survival is None else f"{100 * point.survival:.2g} %"
            numbers = (_dice(point.certified), _dice(point.public), _leakage(point.certified), _leakage(point.public))
            grid.add_row("" if place else name, f"{point.epsilon:g}", survival, *numbers)
        grid.add_section()
    return grid


def explanation(result: PlanResult) -> list[str]:
    """Say how the numbers came about, and what to type next.

    Parameters
    ----------
    result : PlanResult
        What planning found.

    Returns
    -------
    list of str
        Lines.
    """
    measured = ", ".join(f"{count} cases of {name}" for name, count in result.splits.items())
    flattered = "" if result.held_out else " These cases also teach, so expect less on new ones."
    lines = [
        f"Predicted at delta {result.delta:g} without looking at the model in use: an exact refit stands in for it, so "
        f"this costs no budget. Mean and spread of {result.draws} draw{'' if result.draws == 1 else 's'} of the "
        f"noise, on {measured}.{flattered}",
        "Survives: the largest share of the model in use that outlives the noise. Leakage: nats a predicted pixel, of "
        "the split that leaks most. Public: the same recipe from the public start, which forgets everything.",
    ]
    return [*lines, *(result.command(result.advised(name)) for name in result.operators)]


def _dice(expected: Expected) -> str:
    return _number(expected.dice, expected.dice_spread, 3)


def _leakage(expected: Expected) -> str:
    return _number(expected.leakage, expected.leakage_spread, 4)


def _number(value: float | None, spread: float, digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" + (f" ± {spread:.{digits}f}" if round(spread, digits) else "")
