from __future__ import annotations

import errno
from datetime import date
from pathlib import Path

import pytest

from napari_unlearn.project import lock
from napari_unlearn.project.access import Access
from napari_unlearn.project.audit_trail import verify_trail


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "dataset" / "unlearn-runs"


def test_the_second_window_is_refused_with_the_reason(runs: Path) -> None:
    first, second = Access(runs), Access(runs)
    assert first.refusal == ""
    assert "open in another window in this program" in second.refusal
    assert f"on {date.today():%d %B %Y}" in second.refusal
    assert "Close that window" in second.refusal
    second.note("refined", "a")
    second.close()
    first.note("refined", "b")
    first.close()
    assert verify_trail(runs).lines == 1
    assert Access(runs).refusal == ""


def test_the_window_of_another_machine_is_named_with_the_way_out(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Access(runs)
    monkeypatch.setattr(lock.socket, "gethostname", lambda: "another machine")
    refusal = Access(runs).refusal
    assert "If that window no longer exists, delete" in refusal
    assert "project.lock" in refusal


def test_opening_and_closing_leaves_nothing_behind(runs: Path) -> None:
    access = Access(runs)
    access.close()
    access.close()
    assert not runs.exists()


def test_a_crash_of_the_one_before_is_known(runs: Path) -> None:
    runs.mkdir(parents=True)
    (runs / lock.FILE_NAME).write_text("")
    assert Access(runs).crashed


@pytest.mark.parametrize(("number", "refused"), [(errno.EACCES, True), (errno.EROFS, True), (errno.ENOSPC, False)])
def test_a_full_disk_does_not_stop_the_work_and_a_closed_folder_is_said(
    runs: Path, number: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> bool:
        raise OSError(number, "the reason")

    monkeypatch.setattr(lock.ProjectLock, "take", fail)
    access = Access(runs)
    assert ("the reason" in access.refusal) == refused
    assert not access.crashed
    access.close()


def test_a_project_that_was_taken_away_is_no_longer_written(runs: Path) -> None:
    first = Access(runs)
    assert not first.taken_away()
    (runs / lock.FILE_NAME).unlink()
    second = Access(runs)
    assert first.taken_away()
    assert "open in another window" in first.refusal
    first.close()
    assert not second.taken_away()
    second.close()


@pytest.mark.parametrize("name", ["", "journal", "audit.jsonl"])
def test_a_link_that_leaves_the_data_set_closes_the_project(runs: Path, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = runs / name if name else runs
    link.parent.mkdir(parents=True)
    target = elsewhere
    if name == "audit.jsonl":
        target = elsewhere / "letter.txt"
        target.write_bytes(b"a line without an end")
    link.symlink_to(target)
    access = Access(runs)
    assert f"{link} is a link that leaves the data set folder" in access.refusal
    access.note("refined", "a")
    access.close()
    assert [path.read_bytes() for path in elsewhere.iterdir()] == (
        [b"a line without an end"] if target.is_file() else []
    )


def test_a_link_within_the_data_set_closes_nothing(runs: Path) -> None:
    (runs.parent / "history").mkdir(parents=True)
    runs.symlink_to(runs.parent / "history")
    access = Access(runs)
    assert access.refusal == ""
    access.close()
