"""The job that looks at the surroundings of the lesions."""

from __future__ import annotations

import shutil
from pathlib import Path

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.events import Cancelled, Done, Failed, Progress
from napari_unlearn.jobs.surroundings import SurroundingsRequest, events
from napari_unlearn.jobs.token import Token
from napari_unlearn.project.case_notes import CaseNotes


def test_every_training_case_that_takes_part_is_told(sample: Dataset, model: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    gone, *rest = (case.id for case in sample.split("train"))
    CaseNotes(copy / "unlearn-runs").exclude(gone, "Blurred")
    *told, last = events(SurroundingsRequest(copy, model, "cpu"), Token())
    assert isinstance(last, Done)
    assert set(last.result) == set(rest)  # type: ignore[call-overload]
    shown = [event for event in told if isinstance(event, Progress)]
    assert [(event.done, event.total) for event in shown[1:]] == [(i, len(rest)) for i in range(1, len(rest) + 1)]


def test_it_can_be_cancelled_between_two_cases(sample: Dataset, model: Path) -> None:
    token = Token()
    job = events(SurroundingsRequest(sample.root, model, "cpu"), token)
    assert isinstance(next(job), Progress)
    token.cancel()
    assert isinstance(next(job), Cancelled)


def test_a_folder_that_holds_no_model_is_named(sample: Dataset, tmp_path: Path) -> None:
    *_, last = events(SurroundingsRequest(sample.root, tmp_path, "cpu"), Token())
    assert isinstance(last, Failed)
    assert str(tmp_path) in last.sentence
