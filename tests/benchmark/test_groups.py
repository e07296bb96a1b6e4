"""Rows side by side."""

from __future__ import annotations

import math
from collections.abc import Callable

from napari_unlearn.benchmark.groups import Setting, along, bases, by_model, values, written
from napari_unlearn.benchmark.row import Row


def test_the_base_is_where_most_was_measured(row: Callable[..., Row]) -> None:
    rows = [row("exact-refit", 0, fine=1.0), row("exact-refit", 0), row("retrain", 0), row("exact-refit", 0, classes=2)]
    found = bases(rows)
    assert [(base.classes, base.fine) for base in found] == [(3, 0.5), (2, 0.5)]


def test_a_model_without_a_factor_belongs_to_every_setting_of_it(row: Callable[..., Row]) -> None:
    oracle = row("oracle", 0, coarse="", fine=None, swaps=None)
    box = row("coarse", 0, fine=None, swaps=None)
    rows = [oracle, box, row("exact-refit", 0), row("exact-refit", 0, coarse="dilation"), row("oracle", 0, classes=2)]
    setting = Setting.of(row("any", 5).trial)
    assert by_model(rows, setting) == {"oracle": [oracle], "coarse": [box], "exact-refit": [rows[2]]}


def test_settings_along_a_factor_share_all_others(row: Callable[..., Row]) -> None:
    base = Setting.of(row("any", 0).trial)
    rows = [row("a", 0, fine=fine) for fine in (1.0, 0.5, 0.1)] + [row("a", 0, fine=0.2, swaps=0)]
    assert [setting.fine for setting in along(rows, base, "fine")] == [0.1, 0.5, 1.0]
    assert [setting.swaps for setting in along(rows, base, "swaps")] == [2]


def test_numbers_go_by_seed_and_missing_ones_are_left_out(row: Callable[..., Row]) -> None:
    assert values([row("a", 1, 0.5), row("a", 2, None)], "auroc_conflicting") == {1: 0.5}


def test_mean_and_spread_are_written(row: Callable[..., Row]) -> None:
    assert written([]) == "-"
    assert written([0.5]) == "0.500"
    assert written([0.4, 0.6], 2) == f"0.50 ± {math.sqrt(0.02):.2f}"


def test_a_setting_is_told_in_words(row: Callable[..., Row]) -> None:
    said = Setting.of(row("a", 0).trial).described()
    assert said == (
        "3 classes, 12 training cases at 64 px, 50% refined, coarse masks by box, correlation 0.95, "
        "2 composed cases per refined case"
    )
