from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.errors import UserError
from napari_unlearn.project import CaseStatus, Project


def test_a_stroke_is_on_disk_at_once_and_the_case_in_progress(dataset: Dataset) -> None:
    project = Project(dataset)
    statuses: list[tuple[str, CaseStatus]] = []
    project.status_changed.connect(lambda case_id, status: statuses.append((case_id, status)))
    project.select("a")
    assert project.editing is not None
    project.editing.fine[4:6] = 0
    assert project.save_stroke()
    assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), project.editing.fine)
    assert statuses == [("a", CaseStatus.IN_PROGRESS)]
    assert open_dataset(dataset.root).case("a").is_refined


def test_a_mask_that_cannot_be_saved_stays_in_memory_and_is_tried_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    project = Project(dataset)
    sentences: list[str] = []
    project.failed.connect(sentences.append)
    project.select("a")
    editing = project.editing
    assert editing is not None
    editing.fine[4:6] = 0
    with monkeypatch.context() as broken:
        broken.setattr("napari_unlearn.data.encode.atomic_write", full)
        assert not project.save_stroke()
        project.select("b")  # would lose the strokes, so it is refused
    assert project.editing is editing
    assert editing.dirty
    assert len(sentences) == 2
    assert "a.png" in sentences[0]
    project.select("b")
    assert not editing.dirty
    assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), editing.fine)


def test_status_model_and_what_to_return_to_are_remembered(dataset: Dataset, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    project = Project(dataset, old)
    project.select("a")
    project.save_stroke()
    project.revise(new)
    again = Project(open_dataset(dataset.root))
    assert again.status("a") is CaseStatus.IN_PROGRESS
    assert again.status("b") is CaseStatus.REFINED
    assert (again.model, again.previous) == (new, old)
    again.discard()
    assert (again.model, again.previous) == (old, None)
    with pytest.raises(UserError, match="nothing|no revised"):
        again.discard()


def test_done_makes_a_case_refined(dataset: Dataset) -> None:
    project = Project(dataset)
    project.select("a")
    assert project.finish()
    assert project.status("a") is CaseStatus.REFINED
    assert project.dataset.case("a").is_refined


def test_training_cases_come_first_and_the_ends_are_ends(dataset: Dataset) -> None:
    project = Project(dataset)
    assert project.order == ("a", "b", "z")
    project.select("a")
    assert project.step(-1) is None
    assert project.step(1) == "b"
    assert project.step(1, CaseStatus.UNREFINED) == "z"
    project.select("z")
    assert project.step(1) is None
    assert project.step(1, CaseStatus.UNREFINED) == "a"
