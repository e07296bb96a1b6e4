from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_unlearn.plugin.comparison import case_rows, guarantee, leakage_maps, metric_rows


def numbers(dice: float, leak: float, gap: float | None) -> dict[str, Any]:
    leakage = {"s_global": 1.0, "normalised": leak, "low": leak - 0.01, "high": leak + 0.01}
    return {
        "splits": {"test": {"dice": dice, "auroc": None, "leakage": leakage, "cases": 3}},
        "shortcut_gap": gap,
    }


def test_better_means_more_dice_less_leakage_and_a_smaller_gap() -> None:
    after = numbers(0.8, 0.01, -0.1)
    after["splits"]["test"]["leakage_difference"] = {"value": -0.04, "low": -0.05, "high": -0.03}
    rows = {row.name: row for row in metric_rows(after, numbers(0.6, 0.05, 0.3))}
    assert rows["Dice"].better == 1
    assert rows["Leakage"].better == 1
    assert rows["Shortcut gap"].better == 1
    assert rows["AUROC"].before == "–"
    assert rows["AUROC"].better == 0
    assert "0.000 to 0.020" in rows["Leakage"].after


@pytest.mark.parametrize(("low", "high", "better"), [(-0.05, -0.01, 1), (-0.05, 0.01, 0), (0.01, 0.02, -1)])
def test_leakage_has_changed_only_if_its_interval_says_so(low: float, high: float, better: int) -> None:
    after = numbers(0.8, 0.01, 0.1)
    after["splits"]["test"]["leakage_difference"] = {"value": (low + high) / 2, "low": low, "high": high}
    (row,) = (row for row in metric_rows(after, numbers(0.6, 0.05, 0.3)) if row.name == "Leakage")
    assert row.better == better


def test_without_an_earlier_model_nothing_is_called_better() -> None:
    assert all(row.better == 0 for row in metric_rows(numbers(0.8, 0.01, 0.1), None))


def test_maps_share_their_limits() -> None:
    low, high = np.full((4, 4), 0.1, np.float32), np.full((4, 4), 0.4, np.float32)
    after = {"a": SimpleNamespace(leakage={"s_global": 1.0}, leakage_map=low)}
    before = {"a": SimpleNamespace(leakage={"s_global": 2.0}, leakage_map=high)}
    new, old, limits = leakage_maps(after, before)
    assert new is low
    assert old is high
    assert limits == (0.0, pytest.approx(0.4))


def test_only_certified_runs_speak_of_delta() -> None:
    assert "δ" in guarantee("certified", 1.0, 1e-5)
    assert "δ" not in guarantee("exact", 0.0, 0.0)
    assert "No guarantee" in guarantee("empirical", None, None)
    assert guarantee("empirical", None, None, "not certified: a test") == "Not certified: a test."


@pytest.mark.parametrize(("low", "high", "better"), [(0.01, 0.3, 1), (-0.1, 0.3, 0), (-0.2, -0.1, -1)])
def test_dice_has_changed_only_if_its_paired_interval_says_so(low: float, high: float, better: int) -> None:
    after = numbers(0.8, 0.01, 0.1)
    after["splits"]["test"]["change"] = {"dice": {"value": 0.1, "low": low, "high": high, "cases": 3}}
    after["splits"]["test"]["intervals"] = {"dice": {"value": 0.8, "low": 0.7, "high": 0.9, "cases": 3}}
    after["shortcut_gap_detail"] = {"low": -0.1, "high": 0.3, "change": None}
    rows = {row.name: row for row in metric_rows(after, numbers(0.6, 0.05, 0.3))}
    assert rows["Dice"].better == better
    assert "0.700 to 0.900" in rows["Dice"].tip
    assert "-0.100 to 0.300" in rows["Shortcut gap"].tip


def test_the_numbers_of_a_case_are_those_of_its_two_predictions() -> None:
    fine = np.zeros((10, 10), np.uint8)
    fine[:5] = 1
    before, after = np.ones_like(fine), fine.copy()
    after[0] = 0
    dice, area, changed = case_rows(before, after, fine)
    assert (dice.name, dice.before, dice.after, dice.better) == ("Dice", "0.667", "0.889", 1)
    assert (area.before, area.after) == ("100.0 %", "40.0 %")
    assert changed.after == "60 px"
    assert [row.name for row in case_rows(before, after, None)] == ["Lesion area", "Changed"]
    assert [row.before for row in case_rows(None, after, fine)] == ["–", "–"]
    (dice, *_) = case_rows(np.zeros_like(fine), before, np.zeros_like(fine))
    assert (dice.before, dice.after) == ("1.000", "0.000")


def test_where_there_is_no_lesion_less_of_it_is_better_and_dice_is_explained() -> None:
    fine = np.zeros((10, 10), np.uint8)
    before, after = np.ones_like(fine), fine.copy()
    after[0, 0] = 1
    dice, area, _ = case_rows(before, after, fine)
    assert "no lesion" in dice.tip
    assert (area.before, area.after, area.better) == ("100.0 %", "1.0 %", 1)
    assert case_rows(after, before, fine)[1].better == -1
    assert case_rows(None, after, fine)[1].better == 0
    assert case_rows(before, after, fine, finished=False)[1].better == 0
    assert case_rows(before, after, before)[1].better == 0  # there is a lesion, and less of it may be worse


def test_an_unfinished_mask_is_no_measure_of_the_models() -> None:
    fine = np.ones((10, 10), np.uint8)
    dice, area, _ = case_rows(fine, np.zeros_like(fine), fine, finished=False)
    assert "in progress" in dice.name
    assert (dice.before, dice.after, dice.better) == ("–", "–", 0)
    assert "Done refining" in dice.tip
    assert area.after == "0.0 %"
