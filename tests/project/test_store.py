from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.errors import UserError
from napari_unlearn.project.audit_trail import verify_trail
from napari_unlearn.project.case_work import CaseWork
from napari_unlearn.project.store import Store


def trim(work: CaseWork, row: int) -> None:
    work.editing.fine[row] = 0
    work.editing.touch()
    work.record("trim")


def test_masks_follow_in_the_background_with_a_line_in_the_trail(dataset: Dataset) -> None:
    store = Store(dataset.root, "Ann")
    work = store.hold(store.read(dataset.case("a")))
    trim(work, 5)
    trim(work, 6)
    store.schedule(work)
    store.close()
    assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), work.editing.fine)
    (line,) = (dataset.root / "unlearn-runs" / "audit.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["who"], entry["what"], entry["case"]) == ("Ann", "mask saved", "a")
    assert (entry["file"], entry["steps"]) == ("fine/a.png", {"trim": 2})
    assert verify_trail(dataset.root).failures == ()


def test_what_disk_does_not_know_stays_in_memory_and_the_rest_is_let_go(dataset: Dataset) -> None:
    store = Store(dataset.root)
    a, b = (store.hold(store.read(dataset.case(case_id))) for case_id in "ab")
    trim(a, 5)
    store.release()
    assert store.works == {"a": a}
    assert store.read(dataset.case("a")) is a
    assert store.read(dataset.case("b")) is not b
    assert store.write(a) == ""
    store.release(a)
    assert store.works == {"a": a}  # in hand
    store.release()
    assert store.works == {}
    store.close()


def test_a_disk_that_refuses_is_named_and_the_steps_are_told_later(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise UserError("fine/a.png cannot be saved (No space left on device).")

    store = Store(dataset.root)
    work = store.hold(store.read(dataset.case("a")))
    trim(work, 5)
    with monkeypatch.context() as disk:
        disk.setattr("napari_unlearn.project.case_work.write_mask", full)
        assert "No space left" in store.write(work)
        assert store.unsaved == ()  # the journal has it
        assert work.counts == {"trim": 1}
    store.close()  # tries again
    assert np.array_equal(read_mask(dataset.root / "fine" / "a.png"), work.editing.fine)


def test_a_project_that_was_taken_away_writes_no_masks(dataset: Dataset) -> None:
    store = Store(dataset.root)
    work = store.hold(store.read(dataset.case("a")))
    trim(work, 5)
    (dataset.root / "unlearn-runs" / "project.lock").unlink()
    other = Store(dataset.root)
    assert "open in another window" in store.write(work)
    store.close()
    assert not (dataset.root / "fine" / "a.png").exists()
    assert other.read(open_dataset(dataset.root).case("a")).recovered == 1
    other.close()


def test_a_journal_that_cannot_be_read_is_named(dataset: Dataset) -> None:
    store = Store(dataset.root)
    (store.journals / "a.journal").mkdir(parents=True)
    with pytest.raises(UserError, match=r"a\.journal cannot be read"):
        store.read(dataset.case("a"))
    store.close()


def test_a_trail_that_cannot_be_written_is_named(dataset: Dataset) -> None:
    store = Store(dataset.root)
    (dataset.root / "unlearn-runs" / "audit.jsonl").mkdir()
    assert "audit.jsonl cannot be saved" in store.note("refined", "a")
    (dataset.root / "unlearn-runs" / "audit.jsonl").rmdir()
    assert store.note("refined", "b") == ""
    store.close()
    assert verify_trail(dataset.root).lines == 2


def test_a_case_comes_with_its_image(dataset: Dataset) -> None:
    store = Store(dataset.root)
    loaded = store.load(dataset.case("b"))
    assert loaded.image.shape == (20, 30, 3)
    assert loaded.work.case.id == "b"
    store.close()
    assert isinstance(dataset.root, Path)
