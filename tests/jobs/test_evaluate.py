"""The job that measures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.evaluate import EvaluateRequest, EvaluateResult, events
from napari_unlearn.jobs.events import Progress
from napari_unlearn.jobs.token import Token


def test_two_models_are_measured_alike(sample: Dataset, model: Path, run: Path, finish: Callable[..., Any]) -> None:
    request = EvaluateRequest(sample.root, run / "model", before=model, device="cpu", resamples=10)
    result = finish(events(request, Token()))
    assert isinstance(result, EvaluateResult)
    numbers = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert numbers.keys() == {"splits", "shortcut_gap", "shortcut_gap_detail", "before"}
    assert numbers["splits"].keys() == numbers["before"]["splits"].keys() == {"test_aligned", "test_conflicting"}
    alone = finish(events(EvaluateRequest(sample.root, model, resamples=10), Token()))
    assert alone.before is None
    assert alone.to_json() == numbers["before"]
    assert numbers["splits"] != numbers["before"]["splits"]
    for name, split in numbers["splits"].items():
        change, other = split["leakage_difference"], numbers["before"]["splits"][name]
        assert change["value"] == pytest.approx(split["leakage"]["normalised"] - other["leakage"]["normalised"])
        assert change["low"] <= change["value"] <= change["high"]
        assert "leakage_difference" not in other


def test_a_unet_is_measured_beside_a_head(sample: Dataset, model: Path, unet: Path, finish: Callable[..., Any]) -> None:
    request = EvaluateRequest(sample.root, unet, before=model, splits=("test_aligned",), device="cpu", resamples=10)
    numbers = finish(events(request, Token())).to_json()
    one, other = numbers["splits"]["test_aligned"], numbers["before"]["splits"]["test_aligned"]
    assert one.keys() - {"leakage_difference"} == other.keys()
    assert one["cases"] == 20
    assert 0 <= one["auroc"] <= 1
    assert one["counterfactual_shift"] is not None
    assert one["dice"] < other["dice"]  # the head was fitted, the U-Net was not


def test_the_shortcut_gap_is_that_of_the_splits(sample: Dataset, model: Path, finish: Callable[..., Any]) -> None:
    numbers = finish(events(EvaluateRequest(sample.root, model, resamples=10), Token())).to_json()
    aligned, conflicting = (numbers["splits"][name]["auroc"] for name in ("test_aligned", "test_conflicting"))
    assert numbers["shortcut_gap"] == pytest.approx(aligned - conflicting)


def test_named_splits_alone_are_measured(sample: Dataset, model: Path, finish: Callable[..., Any]) -> None:
    request = EvaluateRequest(sample.root, model, splits=("train",), resamples=10)
    numbers = finish(events(request, Token())).to_json()
    assert numbers["splits"].keys() == {"train"}
    assert numbers["splits"]["train"]["cases"] == 6
    assert numbers["shortcut_gap"] is None


def test_progress_never_exceeds_its_total(sample: Dataset, model: Path) -> None:
    request = EvaluateRequest(sample.root, model, splits=("train",), resamples=10)
    told = [event for event in events(request, Token()) if isinstance(event, Progress)]
    assert [event.done for event in told] == list(range(len(told)))
    assert len(told) <= told[0].total


def test_a_split_that_is_not_there_is_named(sample: Dataset, model: Path, failure: Callable[..., str]) -> None:
    assert "'nowhere'" in failure(events(EvaluateRequest(sample.root, model, splits=("nowhere",)), Token()))


@pytest.mark.parametrize(("splits", "words"), [(None, "--split"), (("test_aligned",), "test_aligned has a fine mask")])
def test_without_fine_masks_there_is_nothing_to_compare_with(
    sample: Dataset, model: Path, tmp_path: Path, failure: Callable[..., str], splits: Any, words: str
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    for path in (copy / "fine").glob("[!t]*.png"):
        path.unlink()
    assert words in failure(events(EvaluateRequest(copy, model, splits=splits), Token()))


def test_a_model_for_other_classes_is_refused(
    sample: Dataset, model: Path, tmp_path: Path, failure: Callable[..., str]
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    settings = copy / "dataset.toml"
    settings.write_text(settings.read_text().replace('"malignant"]', '"malignant", "other"]'))
    sentence = failure(events(EvaluateRequest(copy, model), Token()))
    assert "knows 3 classes, but" in sentence
    assert "has 4; choose the data set the model was made for." in sentence


def test_what_takes_long_is_done_when_the_job_ends(
    sample: Dataset, model: Path, run: Path, finish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = EvaluateRequest(sample.root, run / "model", model, splits=("test_aligned",), resamples=20)
    result = finish(events(request, Token()))
    again = EvaluateResult(result.after, result.before, result.leakage_differences).to_json()

    def draw(*_: Any) -> None:
        raise AssertionError("An interval was drawn after the end of the job.")

    monkeypatch.setattr("napari_unlearn.evaluation.interval.draw_weights", draw)
    assert json.dumps(result.to_json()) == json.dumps(again)
    with pytest.raises(AssertionError, match="after the end"):
        EvaluateResult(result.after, result.before, result.leakage_differences).to_json()
