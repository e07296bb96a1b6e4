"""The job that lays cases out."""

from __future__ import annotations

import shutil
from pathlib import Path

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.jobs.events import Done, Failed, Progress
from napari_unlearn.jobs.feature_space import FeatureSpaceRequest, events
from napari_unlearn.jobs.token import Token
from napari_unlearn.project.case_notes import CaseNotes


def test_every_case_is_told_and_the_space_comes_last(sample: Dataset, model: Path, run: Path) -> None:
    request = FeatureSpaceRequest(sample.root, (("before", model), ("after", run / "model")), "cpu")
    *told, last = events(request, Token())
    assert isinstance(last, Done)
    space = last.result
    assert space.models == ("before", "after")  # type: ignore[attr-defined]
    assert set(space.cases) == {case.id for case in sample.cases}  # type: ignore[attr-defined]
    shown = [event for event in told if isinstance(event, Progress)]
    assert [event.done for event in shown[1:]] == list(range(1, len(sample.cases) + 1))


def test_a_model_that_cannot_be_read_is_named(sample: Dataset, tmp_path: Path) -> None:
    *_, last = events(FeatureSpaceRequest(sample.root, (("before", tmp_path),), "cpu"), Token())
    assert isinstance(last, Failed)
    assert str(tmp_path) in last.sentence


def test_excluded_cases_are_not_on_the_map(sample: Dataset, model: Path, tmp_path: Path) -> None:
    own_sample = open_dataset(Path(shutil.copytree(sample.root, tmp_path / "dataset")))
    gone = own_sample.split("train")[0].id
    CaseNotes(own_sample.root / "unlearn-runs").exclude(gone, "Blurred")
    *_, last = events(FeatureSpaceRequest(own_sample.root, (("before", model),), "cpu"), Token())
    assert isinstance(last, Done)
    assert gone not in last.result.cases  # type: ignore[attr-defined]
