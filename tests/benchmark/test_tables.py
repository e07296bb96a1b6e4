"""Tables for people."""

from __future__ import annotations

from collections.abc import Callable

from napari_unlearn.benchmark.row import Row
from napari_unlearn.benchmark.tables import markdown


def test_models_factors_and_claims_have_their_tables(row: Callable[..., Row]) -> None:
    rows = [row("exact-refit", seed, 0.7 + seed / 10) for seed in range(2)] + [row("retrain", 0, 0.6)]
    rows += [row("exact-refit", 0, 0.65, fine=1.0)]
    text = markdown(rows)
    lines = text.splitlines()
    assert lines[0].startswith("## synthetic: 3 classes, 12 training cases at 64 px, 50% refined")
    (models,) = (line for line in lines if line.startswith("| exact-refit | exact"))
    assert "| 2 | 0.750 ± 0.071 |" in models
    assert "### Share of refined cases" in lines
    assert "| exact-refit | 0.75 ± 0.07 / 0.75 ± 0.07 (2) | 0.65 / 0.65 (1) |" in lines
    assert "### Coarse masks" not in lines
    assert any(line.startswith("| Matches or beats retraining | exact-refit minus retrain") for line in lines)


def test_what_was_refused_is_said_below(row: Callable[..., Row]) -> None:
    empty = {"dice_conflicting": None, "dice_aligned": None, "worst_class_dice": None}
    text = markdown([row("exact-refit", 0), row("newton-step", 0, None, **empty, failure="Too much noise.")])
    assert "| newton-step | exact |  | 0 | - |" in text
    assert "newton-step: Too much noise." in text


def test_what_went_wrong_in_many_seeds_is_told_once(row: Callable[..., Row]) -> None:
    empty = {"dice_conflicting": None, "dice_aligned": None, "worst_class_dice": None}
    rows = [row("salun", seed, None, **empty, failure=f"Dice fell to 0.{seed}.") for seed in (1, 2, 3)]
    text = markdown([row("exact-refit", 0), row("salun", 0), *rows])
    assert text.count("Dice fell") == 1
    assert "salun in 3 of 4 seeds, in the first of them: Dice fell to 0.1." in text
