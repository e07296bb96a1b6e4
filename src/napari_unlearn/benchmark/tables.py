"""The table of a benchmark as tables for people, in Markdown. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from napari_unlearn.benchmark.claims import claims
from napari_unlearn.benchmark.groups import FACTORS, Setting, along, bases, by_model, values, written
from napari_unlearn.benchmark.row import Row

COLUMNS = {
    "dice_conflicting": ("Dice", 3),
    "worst_class_dice": ("Worst class", 3),
    "auroc_aligned": ("AUROC aligned", 3),
    "auroc_conflicting": ("AUROC conflicting", 3),
    "shortcut_gap": ("Gap", 3),
    "leakage": ("Leakage", 4),
    "counterfactual_shift": ("Artefact shift", 3),
    "seconds": ("Seconds", 1),
}


def markdown(rows: Sequence[Row]) -> str:
    """Write all tables: every model in the base setting, one factor at a time, and the claims.

    Parameters
    ----------
    rows : sequence of Row
        At least one.

    Returns
    -------
    str
        Ends in a line break.
    """
    parts = []
    for base in bases(rows):
        parts += [f"## {base.source}: {base.described()}", _models(by_model(rows, base))]
        for factor, title in FACTORS.items():
            settings = along(rows, base, factor)
            if len(settings) > 1:
                parts += [f"### {title}", _along(rows, settings, factor)]
        found = claims(rows, base)
        if found:
            lines = [f"| {' | '.join(cells)} |" for cells in found]
            parts += [
                "### Claims",
                "\n".join(["| Claim | Compared | Numbers | Verdict |", "|---|---|---|---|", *lines]),
            ]
    return "\n\n".join(parts) + "\n"


def _models(models: dict[str, list[Row]]) -> str:
    lines = [
        "| Model | Tier | ε | Seeds | " + " | ".join(title for title, _ in COLUMNS.values()) + " |",
        "|---|---|---:|---:|" + "---:|" * len(COLUMNS),
    ]
    for name, rows in models.items():
        first = rows[0]
        measured = [row for row in rows if row.numbers.dice_conflicting is not None]
        epsilon = "" if first.trial.epsilon is None else f"{first.trial.epsilon:g}"
        cells = [written(values(measured, measure).values(), digits) for measure, (_, digits) in COLUMNS.items()]
        lines.append(f"| {name} | {first.numbers.tier} | {epsilon} | {len(measured)} | {' | '.join(cells)} |")
    return "\n".join([*lines, *(remark for name, rows in models.items() for remark in _remarks(name, rows))])


def _remarks(name: str, rows: list[Row]) -> list[str]:
    """What went wrong with a model, once for all seeds: their sentences differ in numbers only."""
    found = [row.numbers.failure for row in rows if row.numbers.failure]
    seeds = f" in {len(found)} of {len(rows)} seeds, in the first of them" if len(found) > 1 else ""
    return [f"\n{name}{seeds}: {found[0]}"] if found else []


def _along(rows: Sequence[Row], settings: Sequence[Setting], factor: str) -> str:
    """AUROC on conflicting cases and Dice there, of every model that was measured in two of the settings."""
    columns = [by_model(rows, setting) for setting in settings]
    names = list(dict.fromkeys(name for column in columns for name in column))
    lines = [
        "| AUROC conflicting / Dice | " + " | ".join(_value(setting, factor) for setting in settings) + " |",
        "|---|" + "---:|" * len(settings),
    ]
    for name in names:
        cells = [_pair(column.get(name, [])) for column in columns]
        if sum(cell != "-" for cell in cells) > 1:
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _pair(rows: Sequence[Row]) -> str:
    auroc, dice = (values(rows, measure) for measure in ("auroc_conflicting", "dice_conflicting"))
    if not dice:
        return "-"
    return f"{written(auroc.values(), 2)} / {written(dice.values(), 2)} ({len(dice)})"


def _value(setting: Setting, factor: str) -> str:
    value = getattr(setting, factor)
    return f"{value:.0%}" if factor == "fine" else str(value)
