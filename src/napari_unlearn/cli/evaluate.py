"""Command `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_unlearn.cli.console import OUT, fail, follow, print_json
from napari_unlearn.cli.options import DatasetFolder, Device, Devices, Json, ModelFolder, Precision, together
from napari_unlearn.jobs.token import Token

if TYPE_CHECKING:
    from rich.table import Table

    from napari_unlearn.evaluation.evaluate import Evaluation, SplitEvaluation
    from napari_unlearn.evaluation.interval import Measured
    from napari_unlearn.leakage import Difference

INTERVAL = "  95 % interval"


def evaluate(
    dataset: DatasetFolder,
    model: ModelFolder,
    before: Annotated[Path | None, typer.Option(help="Model to compare with.", show_default=False)] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split to measure; may be repeated. Default: all with fine masks, but train."),
    ] = None,
    groups: Annotated[
        str | None,
        typer.Option(
            help="Artefacts and metadata columns to tell the AUROC within, with commas between. Default: every "
            "artefact that is known.",
            show_default=False,
        ),
    ] = None,
    counterfactuals: Annotated[
        int, typer.Option(min=0, help="Cases of a split, at most, to change artefacts and context of.")
    ] = 200,
    forgetting: Annotated[
        bool, typer.Option("--forgetting", help="Look for what is left of the forgotten labels, too.")
    ] = False,
    retrained: Annotated[
        Path | None,
        typer.Option(
            help="Model trained without the forgotten labels, to measure forgetting against.", show_default=False
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the numbers as a table to this file, too.", show_default=False)
    ] = None,
    device: Device = "auto",
    devices: Devices = 1,
    precision: Precision = "32-true",
    json: Json = False,
) -> None:
    """Measure outlines, diagnosis, leakage and shortcut of a model."""
    from napari_unlearn.jobs.evaluate import EvaluateRequest, EvaluateResult, events

    token = Token()
    named = tuple(name.strip() for name in (groups or "").split(",") if name.strip())
    request = EvaluateRequest(
        dataset,
        model,
        before,
        tuple(split) if split else None,
        device,
        groups=named,
        counterfactuals=counterfactuals,
        forgetting=forgetting or retrained is not None,
        retrained=retrained,
    )
    with together(devices, precision, device) as first:
        result = follow(events(request, token), token)
    if not first:
        return
    assert isinstance(result, EvaluateResult)
    if csv is not None:
        from napari_unlearn.errors import UserError
        from napari_unlearn.export.table import write_metrics

        try:
            write_metrics(csv, result.to_json(), None if result.before is None else result.before.to_json())
        except UserError as error:
            fail(str(error))
    if json:
        print_json(result.to_json() | {"pace": None if result.pace is None else result.pace.to_json()})
    else:
        OUT.print(table(result.after, result.before, result.leakage_differences, result.changes()))
        for by_group in groups_tables(result.after):
            OUT.print(by_group)
        if result.forgetting is not None:
            from napari_unlearn.cli.forgetting import forgetting_tables

            for grid in forgetting_tables(result.forgetting):
                OUT.print(grid)
            if result.forgetting["note"]:
                OUT.print(result.forgetting["note"])
        if result.pace is not None:
            OUT.print(result.pace.in_words(), highlight=False, soft_wrap=True)


def table(
    after: Evaluation,
    before: Evaluation | None,
    leakage_differences: Mapping[str, Difference] | None = None,
    changes: Mapping[str, Mapping[str, Measured | None]] | None = None,
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
    changes : mapping of str to mapping, or None
        Dice, AUROC and counterfactual shift after minus before, by split.

    Returns
    -------
    rich.table.Table
    """
    from rich.table import Table

    models = [after] if before is None else [before, after]
    grid = Table("Split", "Measure", *(["Value"] if before is None else ["Before", "After"]))
    for column in grid.columns[2:]:
        column.justify = "right"
    for name in after.splits:
        splits = [model.splits[name] for model in models]
        change = (changes or {}).get(name, {})
        rows = [
            ("Dice (outline)", [_number(s.dice) for s in splits]),
            *_uncertain(splits, "dice", change),
            ("AUROC (diagnosis)", [_number(s.auroc) for s in splits]),
            *_uncertain(splits, "auroc", change),
            ("  without context", [_alone(s) for s in splits]),
            ("Leakage (nats/pixel)", [_leakage(s.leakage) for s in splits]),
            (INTERVAL, [_interval(s.leakage) for s in splits]),
            ("  beyond chance", [_beyond_chance(s) for s in splits]),
            ("  by chance alone", [_chance(s) for s in splits]),
            *_change((leakage_differences or {}).get(name)).items(),
            ("Artefact shift", [_number(s.counterfactual_shift, sign=True) for s in splits]),
            *_uncertain(splits, "counterfactual_shift", change, sign=True),
        ]
        rows = [row for i, row in enumerate(rows) if not row[0].startswith(" ") or any(row[1])]
        for i, (measure, values) in enumerate(rows):
            grid.add_row(f"{name} ({splits[0].cases})" if i == 0 else "", measure, *values)
        grid.add_section()
    grid.add_row("shortcut gap", "AUROC", *(_number(m.shortcut_gap, sign=True) for m in models))
    gaps = [m.gap() for m in models]
    if any(gaps):
        grid.add_row("", INTERVAL, *("" if gap is None else gap.written(sign=True) for gap in gaps))
    changed = None if before is None else after.gap_change_from(before)
    if changed is not None:
        grid.add_row("", "  change, paired", "", _with_interval(changed))
    return grid


def groups_tables(evaluation: Evaluation) -> list[Table]:
    """AUROC within groups of cases.

    Parameters
    ----------
    evaluation : Evaluation
        The model.

    Returns
    -------
    list of rich.table.Table
        One for each split where a group is known.
    """
    from rich.table import Table

    tables = []
    for name, split in evaluation.splits.items():
        groups = () if split.behind is None else split.behind.groups
        grid = Table("Group", "Cases", "Diagnosed", "AUROC", "95 % interval", title=f"{name}: AUROC within groups")
        for column in grid.columns[1:4]:
            column.justify = "right"
        for each in groups:
            area = each.auroc
            title = f"{each.value} {each.group}" if each.value in ("with", "without") else f"{each.group}: {each.value}"
            interval = "" if area is None else area.written()
            value = "-" if area is None else _number(area.value)
            grid.add_row(title, str(each.cases), str(each.positive), value, interval or each.note)
        if groups:
            tables.append(grid)
    return tables


def _uncertain(
    splits: list[SplitEvaluation], name: str, change: Mapping[str, Measured | None], sign: bool = False
) -> list[tuple[str, list[str]]]:
    """The interval of a number, and its paired change."""
    known = [split.interval(name) for split in splits]
    rows = [(INTERVAL, ["" if each is None else each.written(sign=sign) for each in known])]
    changed = change.get(name)
    return rows if changed is None else [*rows, ("  change, paired", ["", _with_interval(changed)])]


def _with_interval(measured: Measured) -> str:
    interval = measured.written(sign=True)
    return f"{measured.value:+.3f}" + (f" ({interval})" if interval else "")


def _alone(split: SplitEvaluation) -> str:
    """AUROC of the lesions on their own."""
    areas = None if split.behind is None else split.behind.counterfactuals.areas()
    return "" if areas is None else _number(areas[1].value)


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


def _beyond_chance(split: SplitEvaluation) -> str:
    """What is left of leakage when all is taken off that shuffled artefacts would show on average."""
    return "" if split.leakage_behind is None else f"{split.leakage_behind.against_chance:.4f}"


def _number(value: float | None, sign: bool = False) -> str:
    return "-" if value is None else f"{value:{'+' if sign else ''}.3f}"


def _leakage(leakage: dict[str, float] | None) -> str:
    if leakage is None:
        return "-"
    return f"{leakage['normalised']:.4f}"


def _interval(leakage: dict[str, float] | None) -> str:
    return "" if leakage is None else f"{leakage['low']:.4f} to {leakage['high']:.4f}"
