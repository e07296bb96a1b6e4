"""Everything that speaks for or against forgetting."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.forgetting.measure import measure_forgetting
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.checkpoint import load_segmenter


def measured(models: dict[str, Path], trained: Any, held_out: Any) -> dict[str, Any]:
    loaded = {name: load_segmenter(folder) for name, folder in models.items()}
    *steps, found = measure_forgetting(loaded, trained, held_out, resamples=20)
    assert set(steps) == {case.id for case in (*trained, *held_out)}
    assert isinstance(found, dict)
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.fixture(scope="module")
def found(sample: Dataset, model: Path, run: Path) -> dict[str, Any]:
    models = {"before": model, "after": run / "model", "retrained": run / "model"}
    return measured(models, sample.refined("train"), sample.split("test_aligned")[:5])


def test_unlearning_takes_back_forgotten_labels(found: dict[str, Any]) -> None:
    before, after = (found["models"][name] for name in ("before", "after"))
    assert after["forget_agreement"]["value"] < before["forget_agreement"]["value"] - 0.1
    for numbers in (before, after):
        for key in ("forget_agreement", "retain_accuracy", "test_accuracy"):
            assert numbers[key]["low"] <= numbers[key]["value"] <= numbers[key]["high"]
        assert 0 <= numbers["calibration_error"] <= 1


def test_the_share_of_forgotten_labels_is_that_of_all_pixels_where_there_are_few(
    sample: Dataset, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import napari_unlearn.evaluation.forgetting.measure as module

    monkeypatch.setattr(module, "PIXELS", 10**6)
    cases = sample.refined("train")[:2]
    numbers = measured({"after": model}, cases, ())["models"]["after"]
    segmenter, shares = load_segmenter(model), []
    for case in cases:
        coarse, fine = case.coarse(), case.fine()
        where = split_pixels(coarse, fine).forget
        predicted = segmenter.logits(case.image()).numpy().argmax(axis=0)
        shares.append((predicted[where] == coarse[where]).mean())
    assert numbers["forget_agreement"]["value"] == pytest.approx(np.mean(shares))
    assert numbers["test_accuracy"] is None


def test_pairs_of_models_are_compared(found: dict[str, Any]) -> None:
    assert found["pairs"].keys() == {"before-after", "before-retrained", "after-retrained"}
    same, other = found["pairs"]["after-retrained"], found["pairs"]["before-after"]
    assert same["prediction_distance"]["value"] == same["weight_distance"] == 0
    assert same["cka"]["scores"] == pytest.approx(1)
    assert np.array(same["prediction_matrix"]).sum() == np.trace(same["prediction_matrix"])
    assert other["prediction_distance"]["value"] > 0.01
    assert other["weight_distance"] > 0.01
    assert other["cka"]["encoder 8"] == pytest.approx(1)  # frozen
    assert other["cka"]["scores"] < 0.999


def test_without_coarse_masks_of_held_out_cases_nobody_can_be_attacked(
    sample: Dataset, model: Path, found: dict[str, Any]
) -> None:
    bare = [dataclasses.replace(case, coarse_path=None) for case in sample.split("test_aligned")[:2]]
    numbers = measured({"after": model}, sample.refined("train")[:2], bare)
    assert numbers["models"]["after"]["membership"] is None
    assert numbers["models"]["after"]["unseen_agreement"] is None
    assert "never-seen" in numbers["note"]
    assert numbers["adaptive_unlearning_score"] is None
    assert numbers["pairs"] == {}


def test_forgotten_pixels_are_told_from_never_seen_ones(sample: Dataset, found: dict[str, Any]) -> None:
    assert all(isinstance(case, Case) and case.coarse_path for case in sample.split("test_aligned")[:5])
    membership = found["models"]["before"]["membership"]
    assert (membership["seen"], membership["unseen"]) == (6, 5)
    assert 0.5 <= membership["worst"] <= 1
    after = found["models"]["after"]
    lost = found["models"]["before"]["test_accuracy"]["value"] - after["test_accuracy"]["value"]
    apart = abs(after["forget_agreement"]["value"] - after["unseen_agreement"]["value"])
    assert found["adaptive_unlearning_score"] == pytest.approx((1 - lost) / (1 + apart))
