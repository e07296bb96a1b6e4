from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError
from napari_unlearn.project import CaseStatus, Project
from napari_unlearn.project.history import ARTEFACTS, FINE


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
    project.close()
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


def trim(project: Project, row: int) -> None:
    assert project.editing is not None
    project.editing.fine[row] = 0
    project.editing.touch()
    assert project.record("trim")


def states(project: Project) -> tuple[object, ...]:
    assert project.editing is not None
    assert project.artefacts is not None
    return project.editing.fine.tobytes(), project.artefacts.array.tobytes(), project.model, project.previous


def test_undo_goes_through_everything_in_every_session_and_redo_comes_back(dataset: Dataset, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    seen: list[tuple[object, ...]] = []
    actions = (
        lambda project: trim(project, 5),
        lambda project: project.replace(FINE, np.full((20, 30), 2, np.uint8), "accept suggestion"),
        lambda project: project.replace(ARTEFACTS, np.eye(20, 30, dtype=np.uint8), "accept ruler"),
        lambda project: project.discard(),
        lambda project: project.replace(FINE, project.editing.coarse, "start from coarse") and trim(project, 9),
    )
    with Project(dataset, old) as project:
        project.revise(new)
    for action in actions:  # each in a session of its own
        with Project(open_dataset(dataset.root)) as project:
            project.select("a")
            seen.append(states(project))
            action(project)
    with Project(open_dataset(dataset.root)) as project:
        project.select("a")
        seen.append(states(project))
        assert project.undoable == "trim"
        for expected in reversed(seen[:-1]):
            while states(project) != expected:
                assert project.undo() is not None
        assert project.undo() is None
        assert project.undoable == ""
        assert project.redoable == "trim"
    with Project(open_dataset(dataset.root)) as project:
        project.select("a")
        assert states(project) == seen[0]
        for expected in seen[1:]:
            while states(project) != expected:
                assert project.redo() is not None
        assert project.redo() is None


def test_what_is_undone_is_told_and_saved(dataset: Dataset) -> None:
    changes: list[tuple[str, object]] = []
    with Project(dataset) as project:
        project.mask_changed.connect(lambda layer, rectangle: changes.append((layer, rectangle)))
        project.select("a")
        trim(project, 5)
        project.undo()
        assert changes == [(FINE, (slice(5, 6), slice(5, 25)))]
    assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), dataset.case("a").coarse())


def test_a_stroke_under_way_is_what_undo_takes_back(dataset: Dataset) -> None:
    with Project(dataset) as project:
        project.select("a")
        assert project.editing is not None
        project.editing.fine[5] = 0
        project.editing.touch((slice(5, 6), slice(0, 30)))
        project.undo()
        assert np.array_equal(project.editing.fine, project.editing.coarse)


def test_a_label_that_undo_brings_back_outside_the_coarse_mask_stays(dataset: Dataset) -> None:
    with Project(dataset) as project:
        project.select("b")
        assert project.editing is not None
        project.editing.fine[0, 0] = 1
        project.editing.touch()
        project.record("from elsewhere")
        project.editing.trim_outside()
        project.record("remove outside")
        project.undo()
        assert not project.editing.clip((slice(0, 20), slice(0, 30)))
        assert project.editing.fine[0, 0] == 1


def test_a_model_that_is_gone_is_not_returned_to(dataset: Dataset, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    notes: list[str] = []
    with Project(dataset, old) as project:
        project.noted.connect(notes.append)
        project.revise(new)
        project.select("a")
        trim(project, 5)
        project.discard()
        new.rmdir()
        step = project.undo()
        assert step is not None
        assert step.what == "trim"  # the one before
        assert project.model == old
    (note,) = notes
    assert "no longer there" in note


def test_the_second_window_looks_and_changes_nothing(dataset: Dataset) -> None:
    failures: list[str] = []
    with Project(dataset) as first, Project(open_dataset(dataset.root)) as second:
        assert first.read_only == ""
        assert "another window" in second.read_only
        second.failed.connect(failures.append)
        second.select("a")
        assert second.editing is not None
        second.editing.fine[5] = 0
        second.editing.touch()
        assert not second.record()
        assert len(failures) == 1
        assert not second.save_stroke()
        assert not second.finish()
        for change in (second.undo, second.redo, lambda: second.replace(FINE, second.editing.coarse, "x")):
            with pytest.raises(UserError, match="another window"):
                change()
        second.select("b")
        first.select("a")
        trim(first, 6)
    fine = read_mask(dataset.root / "fine" / "a.png")
    assert fine[5].any()
    assert not fine[6].any()


def full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_once_and_the_work_goes_on(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[str] = []
    notes: list[str] = []
    project = Project(dataset)
    project.failed.connect(failures.append)
    project.noted.connect(notes.append)
    project.select("a")
    trim(project, 4)
    with monkeypatch.context() as disk:
        disk.setattr("os.write", full)
        disk.setattr("napari_unlearn.data.encode.atomic_write", full)
        for row in (5, 6, 7):
            assert project.editing is not None
            project.editing.fine[row] = 0
            project.editing.touch()
            assert not project.record("trim")
            project.collect()
        assert project.undo() is not None
        assert len(failures) == 1
        assert "No space left" in failures[0]
        assert "kept here" in failures[0]
        assert project.unsaved == ("a",)
        assert notes == []
    trim(project, 8)
    assert project.unsaved == ()
    project.save_stroke()
    project.collect()
    assert notes == ["Everything is saved again."]
    assert project.editing is not None
    expected = project.editing.fine.copy()
    project.close()
    assert len(failures) == 1
    with Project(open_dataset(dataset.root)) as again:
        again.select("a")
        assert again.editing is not None
        assert np.array_equal(again.editing.fine, expected)
        assert again.recovered == ()


def test_leaving_a_case_needs_no_wait_while_the_journal_has_it(dataset: Dataset) -> None:
    with Project(dataset) as project:
        project.select("a")
        trim(project, 4)
        trim(project, 5)
        assert project.leave(wait=False)
        project.adopt(project.load("b"))
        project.adopt(project.load("a"))
        assert project.editing is not None
        assert not project.editing.fine[4:6].any()
        project.adopt(project.load("z"))
    assert not read_mask(dataset.root / "fine" / "a.png")[4:6].any()


def test_whoever_reads_the_files_finds_every_case_as_it_is_here(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_unlearn.project.store.IDLE", 3600.0)  # the background has not come to it yet
    with Project(dataset) as project:
        failures: list[str] = []
        project.failed.connect(failures.append)
        for case_id, row in (("a", 4), ("b", 5)):
            assert project.leave(wait=False)
            project.adopt(project.load(case_id))
            assert project.save_stroke()
            trim(project, row)
        assert read_mask(dataset.root / "fine" / "a.png")[4].any()
        with monkeypatch.context() as disk:
            disk.setattr("napari_unlearn.data.encode.atomic_write", full)
            assert not project.save_all()
        assert "No space left" in failures[0]
        assert project.save_all()
        for case_id, row in (("a", 4), ("b", 5)):
            assert not read_mask(dataset.root / "fine" / f"{case_id}.png")[row].any()
        assert len(failures) == 1


def test_a_mask_that_another_program_changed_is_said(dataset: Dataset) -> None:
    with Project(dataset) as project:
        project.select("b")
        trim(project, 7)
    write_mask(dataset.root / "fine" / "b.png", dataset.case("b").coarse())
    notes: list[str] = []
    with Project(open_dataset(dataset.root)) as project:
        project.noted.connect(notes.append)
        project.select("b")
        project.select("a")
        project.select("b")
    assert "changed by another program" in notes[0]


def test_a_project_file_that_is_broken_leaves_the_project_to_others(dataset: Dataset) -> None:
    (dataset.root / "unlearn-runs").mkdir()
    (dataset.root / "unlearn-runs" / "project.json").write_text("{")
    for _ in range(2):
        with pytest.raises(UserError, match=r"project\.json"):
            Project(dataset)
    assert not (dataset.root / "unlearn-runs" / "project.lock").exists()
