"""What `evaluate --forgetting` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_MEASURES = {
    "forget_agreement": "Forgotten labels still given",
    "unseen_agreement": "  same kind of pixel, never seen",
    "retain_accuracy": "Kept pixels right",
    "test_accuracy": "Held-out pixels right",
    "calibration_error": "Calibration error",
}


def forgetting_tables(found: Mapping[str, Any]) -> list[Table]:
    """Lay out what was measured.

    Parameters
    ----------
    found : mapping
        What ``evaluate --json`` prints under ``forgetting``.

    Returns
    -------
    list of rich.table.Table
        One of the models, and one of the pairs of models where there are any.
    """
    from rich.table import Table

    models: Mapping[str, Any] = found["models"]
    grid = Table("Forgetting", *(name.capitalize() for name in models))
    for key, title in _MEASURES.items():
        grid.add_row(title, *(_cell(numbers[key]) for numbers in models.values()))
    attacks = [numbers["membership"] for numbers in models.values()]
    if any(attacks):
        grid.add_row("Attack: AUROC (ideal 0.5)", *(_part(each, "auroc") for each in attacks))
        grid.add_row("  best threshold (ideal 0.5)", *(_part(each, "worst") for each in attacks))
        grid.add_row("  by chance alone", *(_part(each, "chance") for each in attacks))
        grid.add_row("  p", *(_part(each, "p_value") for each in attacks))
    score = found["adaptive_unlearning_score"]
    if score is not None:
        grid.add_row("Adaptive unlearning score", *(f"{score:.3f}" if name == "after" else "" for name in models))
    pairs: Mapping[str, Any] = found["pairs"]
    return [grid, _pairs(pairs)] if pairs else [grid]


def _pairs(pairs: Mapping[str, Any]) -> Table:
    from rich.table import Table

    grid = Table("How far apart", *(name.replace("-", " and ") for name in pairs))
    grid.add_row("Predictions (0 alike, 1 apart)", *(_cell(each["prediction_distance"]) for each in pairs.values()))
    grid.add_row("  same class predicted", *(_same(each["prediction_matrix"]) for each in pairs.values()))
    weights = [each["weight_distance"] for each in pairs.values()]
    grid.add_row("Weights, relative", *("built differently" if each is None else f"{each:.3f}" for each in weights))
    names = dict.fromkeys(name for each in pairs.values() for name in each["cka"])
    for name in names:
        grid.add_row(f"CKA of {name}", *(_cell(each["cka"].get(name)) for each in pairs.values()))
    return grid


def _cell(number: Any) -> str:
    if number is None:
        return "-"
    if isinstance(number, Mapping):
        ends = "" if number["low"] is None else f" ({number['low']:.3f} to {number['high']:.3f})"
        return f"{number['value']:.3f}{ends}"
    return f"{number:.3f}"


def _part(attack: Mapping[str, Any] | None, key: str) -> str:
    return "-" if attack is None else f"{attack[key]:.3f}"


def _same(matrix: list[list[int]] | None) -> str:
    if matrix is None:
        return "-"
    return f"{sum(row[i] for i, row in enumerate(matrix)) / max(1, sum(map(sum, matrix))):.3f}"
