"""Command `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from napari_unlearn.cli.console import OUT, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Json, ModelFolder
from napari_unlearn.jobs.token import Token

if TYPE_CHECKING:
    from napari_unlearn.evaluation.evaluate import Evaluation, SplitEvaluation
    from napari_unlearn.leakage import Difference


def evaluate(
    dataset: DatasetFolder,
    model: ModelFolder,
    before: Annotated[Path | None, typer.Option(help="Model to compare with.", show_default=False)] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split to measure; may be repeated. Default: all with fine masks, but train."),
    ] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Measure outlines, diagnosis, leakage and shortcut of a model."""
    from napari_unlearn.jobs.evaluate import EvaluateRequest, EvaluateResult, events

    token = Token()
    request = EvaluateRequest(dataset, model, before, tuple(split) if split else None, device)
    result = follow(events(request, token), token)
    assert isinstance(result, EvaluateResult)
    if json:
        print_json(result.to_json())
    else:
        OUT.print(table(result.after, result.before, result.leakage_differences))


def table(
    after: Evaluation, before: Evaluation | None, leakage_differences: Mapping[str, Difference] | None = None
) -> Table:
    """Numbers of one or two models side by side.

    Parameters
    ----------
    after : Evaluation
        The model.
    before : Evaluation or None
        The model to compare with.
    leakage_differences : mapping of str to Difference or None
        Leakage after minus before, by split.

    Returns
    -------
    rich.table.Table
    """
    models = [after] if before is None else [before, after]
    grid = Table("Split", "Measure", *(["Value"] if before is None else ["Before", "After"]))
    for column in grid.columns[2:]:
        column.justify = "right"
    for name in after.splits:
        splits = [model.splits[name] for model in models]
        rows = {
            "Dice (outline)": [_number(s.dice) for s in splits],
            "AUROC (diagnosis)": [_number(s.auroc) for s in splits],
            "Leakage (nats/pixel)": [_leakage(s.leakage) for s in splits],
            "  95 % interval": [_interval(s.leakage) for s in splits],
            "  by chance alone": [_chance(s) for s in splits],
            **_change((leakage_differences or {}).get(name)),
            "Artefact shift": [_number(s.counterfactual_shift, sign=True) for s in splits],
        }
        for i, (measure, values) in enumerate(rows.items()):
            grid.add_row(f"{name} ({splits[0].cases})" if i == 0 else "", measure, *values)
        grid.add_section()
    grid.add_row("shortcut gap", "AUROC", *(_number(m.shortcut_gap, sign=True) for m in models))
    return grid


def _change(difference: Difference | None) -> dict[str, list[str]]:
    if difference is None:
        return {}
    from napari_unlearn.evaluation.leakage import in_words

    rows = {
        "Leakage, change": ["", f"{difference.value:+.4f}"],
        "  95 % interval, paired": ["", f"{difference.low:+.4f} to {difference.high:+.4f}"],
        "  which means": ["", in_words(difference)],
    }
    return rows | ({"  but": ["", difference.note]} if difference.note else {})


def _chance(split: SplitEvaluation) -> str:
    """How often shuffled artefacts leak as much."""
    p_value = None if split.leakage_behind is None else split.leakage_behind.estimate.p_value
    return "" if p_value is None else f"p = {p_value:.3f}"


def _number(value: float | None, sign: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if sign else ''}.3f}"


def _leakage(leakage: dict[str, float] | None) -> str:
    if leakage is None:
        return "-"
    return f"{leakage['normalised']:.4f}"


def _interval(leakage: dict[str, float] | None) -> str:
    return "" if leakage is None else f"{leakage['low']:.4f} to {leakage['high']:.4f}"
