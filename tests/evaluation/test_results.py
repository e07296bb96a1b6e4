"""Numbers with their intervals, and two models case by case."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_unlearn.evaluation.counterfactuals import Counterfactuals
from napari_unlearn.evaluation.delong import placements
from napari_unlearn.evaluation.results import CaseNumbers, Evaluation, SplitEvaluation


def split(seed: int, better: float, cases: int = 60) -> SplitEvaluation:
    """A split whose cases are as hard for every model; `better` moves what the model does on all of them."""
    rng = np.random.default_rng(seed)
    hard, positive = rng.normal(size=cases), np.arange(cases) % 2 == 0
    dice = np.clip(0.6 + 0.1 * hard + 0.1 * better, 0, 1)
    dice[0] = np.nan
    scores = 1 / (1 + np.exp(-hard - (0.5 + better) * positive))
    nothing = np.full(cases, np.nan)
    changed = Counterfactuals(np.arange(cases), scores, nothing, scores - 0.1 + 0.05 * better, nothing, positive)
    area = placements(list(scores), list(positive))
    assert area is not None
    behind = CaseNumbers(dice, area, changed, (), 200, 0)
    return SplitEvaluation(cases, float(np.nanmean(dice)), [None], area.value, None, {}, None, 0.1, None, behind)


def both(better: float) -> Evaluation:
    return Evaluation({"test_aligned": split(0, better), "test_conflicting": split(1, 0.0)})


def test_every_number_has_its_interval() -> None:
    numbers = json.loads(json.dumps(both(0.0).to_json(), allow_nan=False))
    for found in numbers["splits"].values():
        for name in ("dice", "auroc", "counterfactual_shift"):
            interval = found["intervals"][name]
            assert interval["value"] == pytest.approx(found[name])
            assert interval["low"] <= interval["value"] <= interval["high"]
        assert found["intervals"]["dice"]["cases"] == 59
    gap = numbers["shortcut_gap_detail"]
    assert gap["low"] < numbers["shortcut_gap"] < gap["high"]


def test_a_change_is_sharper_than_two_intervals() -> None:
    before, after = split(0, 0.0).behind, split(0, 0.5).behind
    assert before is not None
    assert after is not None
    change = after.change_from(before)
    for name in ("dice", "auroc"):
        alone, paired = before.measured()[name], change[name]
        assert alone is not None
        assert paired is not None
        assert 0 < paired.low < paired.value < paired.high
        assert paired.high - paired.low < 0.7 * (alone.high - alone.low)
    assert change["counterfactual_shift"] is not None
    assert change["counterfactual_shift"].value == pytest.approx(-0.025)


def test_the_gap_changes_by_what_one_split_changes() -> None:
    change = both(0.5).gap_change_from(both(0.0))
    gap = both(0.0).gap()
    assert change is not None
    assert gap is not None
    assert change.value == pytest.approx(both(0.5).shortcut_gap - both(0.0).shortcut_gap)
    assert change.high - change.low < gap.high - gap.low
    assert Evaluation({"test_aligned": split(0, 0)}).gap_change_from(both(0.0)) is None
