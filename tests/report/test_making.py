from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.files import sha256_bytes
from napari_unlearn.jobs import unlearn
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Progress
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
from napari_unlearn.project.case_notes import CaseNotes
from napari_unlearn.project.runs import runs_folder
from napari_unlearn.report.making import ReportRequest, ReportResult, default_out, events

LARGEST = 5_000_000


def finish(job: Iterable[Event]) -> ReportResult:
    *_, last = job
    assert isinstance(last, Done), last
    assert isinstance(last.result, ReportResult)
    return last.result


def failure(job: Iterable[Event]) -> str:
    *_, last = job
    assert isinstance(last, Failed), last
    return last.sentence


@pytest.fixture(scope="module")
def whole(run: Path, sample: Dataset, model: Path, tmp_path_factory: pytest.TempPathFactory) -> ReportResult:
    """A report with everything."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    return finish(events(ReportRequest(run, out, sample.root, model, device="cpu", resamples=10), Token()))


def test_a_whole_report_lacks_nothing_and_is_small(whole: ReportResult, run: Path, parse: Any) -> None:
    assert (whole.verified, whole.missing) == (True, ())
    html = whole.report.read_text(encoding="utf-8")
    assert len(html.encode()) < LARGEST
    page = parse(html)
    assert "Not in this report" not in page.text
    assert "their SHA-256 agree" in page.text
    pictures = page.all("img")
    assert len(pictures) == 6 + 6 * 3
    assert all(picture["src"].startswith("data:image/jpeg;base64,") for picture in pictures)
    assert verify_run(run) == []  # nothing was put into the run


def test_a_whole_report_has_the_way_of_the_run_and_the_map_of_the_cases(whole: ReportResult, parse: Any) -> None:
    page = parse(whole.report.read_text(encoding="utf-8"))
    assert "20 cases of test_aligned, which teach nothing" in page.text
    marks = [tag for tag in page.all("path") if tag["d"].startswith("M")]
    assert len(marks) > 3 * 2 * 50  # 12 training and 40 test cases, for two models, in three colours
    assert "a retrained model was not given" not in page.text  # an exact run is one


def test_no_place_on_this_machine_is_told(
    whole: ReportResult, run: Path, sample: Dataset, model: Path, tmp_path: Path
) -> None:
    for path in (whole.report, whole.card):
        text = path.read_text(encoding="utf-8")
        for place in (run, sample.root, model, Path.home()):
            assert f"{place}/" not in text
            assert f"{place} " not in text
        assert str(tmp_path.parent) not in text


def test_places_are_told_to_who_asks(run: Path, tmp_path: Path) -> None:
    result = finish(events(ReportRequest(run, tmp_path / "a.html", with_paths=True), Token()))
    assert str(run) in result.report.read_text(encoding="utf-8")


def test_the_card_lies_beside_the_report(whole: ReportResult) -> None:
    assert whole.card == whole.report.with_name("report.model_card.md")
    card = whole.card.read_text(encoding="utf-8")
    assert "| test\\_aligned (20 cases) | Dice |" in card


def test_without_a_data_set_the_report_says_what_it_lacks(run: Path, tmp_path: Path, parse: Any) -> None:
    result = finish(events(ReportRequest(run, tmp_path / "a.html"), Token()))
    assert result.missing == ("pictures of what was forgotten", "predictions", "numbers", "the map of the cases")
    assert parse(result.report.read_text(encoding="utf-8")).text.count("Not in this report:") == 4


def test_numbers_may_come_from_an_earlier_evaluation(
    run: Path, numbers: dict[str, Any], tmp_path: Path, parse: Any
) -> None:
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps({**numbers, "before": numbers}))
    results = [
        finish(events(ReportRequest(run, tmp_path / "a.html", evaluation=given), Token()))
        for given in (file, {**numbers, "before": numbers})
    ]
    texts = [parse(result.report.read_text(encoding="utf-8")).text for result in results]
    assert all("Taken from an earlier evaluation" in text and "0.812" in text for text in texts)
    assert "numbers" not in results[0].missing


@pytest.mark.parametrize("text", ["[", "[]", "{}", '{"splits": {"a": {}}}', '{"splits": {"a": {"cases": "x"}}}'])
def test_what_is_no_evaluation_is_refused(run: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "numbers.json"
    file.write_text(text)
    sentence = failure(events(ReportRequest(run, tmp_path / "a.html", evaluation=file), Token()))
    assert "evaluate --json" in sentence
    assert not (tmp_path / "a.html").exists()


def test_only_the_model_that_the_run_started_from_may_stand_as_before(run: Path, unet: Path, tmp_path: Path) -> None:
    sentence = failure(events(ReportRequest(run, tmp_path / "a.html", before=unet), Token()))
    assert "is not the model that this run started from" in sentence
    assert "is not a model folder" in failure(events(ReportRequest(run, tmp_path / "a.html", before=tmp_path), Token()))


def test_a_report_is_never_put_into_a_run(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    for out in (copy / "a.html", copy / "model" / "a.html"):
        assert "would no longer verify" in failure(events(ReportRequest(copy, out), Token()))
    assert verify_run(copy) == []
    assert default_out(copy) == tmp_path / "copy.report.html"
    assert "must end in .html" in failure(events(ReportRequest(copy, tmp_path / "notes.txt"), Token()))


def test_masks_that_changed_since_the_run_are_noticed(
    run: Path, sample: Dataset, tmp_path: Path, parse: Any, numbers: dict[str, Any]
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    case = sample.refined("train")[0]
    (copy / "fine" / f"{case.id}.png").unlink()
    request = ReportRequest(run, tmp_path / "a.html", copy, evaluation=numbers, device="cpu")
    text = parse(finish(events(request, Token())).report.read_text(encoding="utf-8")).text
    assert "The masks have changed since the run" in text
    assert "their SHA-256 agree" not in text


def test_masks_of_cases_that_took_no_part_in_the_run_have_not_changed(
    sample: Dataset, model: Path, tmp_path: Path, parse: Any, numbers: dict[str, Any]
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    excluded, withdrawn = (case.id for case in sample.split("train")[:2])
    CaseNotes(runs_folder(copy)).exclude(excluded, "blurred")
    segmenter = load_segmenter(model)
    card = dataclasses.replace(segmenter.card, withdrawn=(sha256_bytes(withdrawn.encode()),))
    save_segmenter(dataclasses.replace(segmenter, card=card), tmp_path / "earlier")
    run = runs_folder(copy) / "run"
    *_, done = unlearn.events(unlearn.UnlearnRequest(copy, tmp_path / "earlier", run, device="cpu"), Token())
    assert isinstance(done, Done)
    request = ReportRequest(run, tmp_path / "a.html", copy, evaluation=numbers, device="cpu")
    text = parse(finish(events(request, Token())).report.read_text(encoding="utf-8")).text
    assert "The masks have changed since the run" not in text
    assert "their SHA-256 agree" in text


def test_a_data_set_without_refined_test_cases_gives_no_numbers(
    run: Path, sample: Dataset, tmp_path: Path, parse: Any
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    for case in sample.cases:
        if case.split != "train" and case.is_refined:
            (copy / "fine" / f"{case.id}.png").unlink()
    result = finish(events(ReportRequest(run, tmp_path / "a.html", copy, device="cpu"), Token()))
    assert result.missing == ("predictions", "numbers", "the map of the cases")
    assert "refine some test cases" in parse(result.report.read_text(encoding="utf-8")).text


def test_a_run_that_was_altered_is_reported_as_such(run: Path, tmp_path: Path, parse: Any) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "metrics.json").write_text("{}")
    result = finish(events(ReportRequest(copy, tmp_path / "a.html"), Token()))
    assert not result.verified
    assert "THIS RUN DOES NOT VERIFY" in parse(result.report.read_text(encoding="utf-8")).text


@pytest.mark.parametrize("message", ["Checking the run", "Comparing the masks", "Predicting", "Measuring"])
def test_cancelling_at_any_time_leaves_nothing(run: Path, sample: Dataset, tmp_path: Path, message: str) -> None:
    token, last = Token(), None
    request = ReportRequest(run, tmp_path / "a.html", sample.root, device="cpu", resamples=10)
    for event in events(request, token):
        if isinstance(event, Progress) and event.message.startswith(message):
            token.cancel()
        last = event
    assert isinstance(last, Cancelled)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_of_the_measurement_is_that_of_the_report(run: Path, sample: Dataset, tmp_path: Path) -> None:
    request = ReportRequest(run, tmp_path / "a.html", sample.root, device="tpu")
    assert "There is no device 'tpu'" in failure(events(request, Token()))


def test_what_is_printed_for_scripts(whole: ReportResult) -> None:
    assert whole.to_json() == {
        "report": str(whole.report),
        "model_card": str(whole.card),
        "verified": True,
        "missing": [],
    }
