from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.project.case_notes import FILE_NAME, CaseNote, CaseNotes, taking_part


def test_notes_and_exclusions_are_there_after_a_restart(tmp_path: Path) -> None:
    notes = CaseNotes(tmp_path)
    assert notes.write("a", " blurred edge ")
    assert notes.exclude("b", "no lesion")
    again = CaseNotes(tmp_path)
    assert again.of("a") == CaseNote(note="blurred edge")
    assert again.excluded == {"b": "no lesion"}
    assert again.of("c") == CaseNote()


def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    notes = CaseNotes(tmp_path)
    assert not notes.write("a", "  ")
    assert not (tmp_path / FILE_NAME).exists()
    assert notes.exclude("a", "no lesion")
    assert not notes.exclude("a", "no lesion")
    assert notes.include("a")
    assert not notes.include("a")
    assert json.loads((tmp_path / FILE_NAME).read_text()) == {}


def test_excluding_keeps_the_note(tmp_path: Path) -> None:
    notes = CaseNotes(tmp_path)
    notes.write("a", "ask Vienna")
    notes.exclude("a", "duplicate")
    notes.include("a")
    assert notes.of("a") == CaseNote(note="ask Vienna")


def test_a_reason_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Say why a"):
        CaseNotes(tmp_path).exclude("a", "  ")


def test_nothing_counts_that_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = CaseNotes(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_unlearn.project.case_notes.atomic_json", full)
    with pytest.raises(UserError, match="No space left"):
        notes.exclude("a", "duplicate")
    assert notes.excluded == {}


@pytest.mark.parametrize("text", ["no JSON", "[1]", '{"a": "b"}', "\xff"])
def test_a_damaged_file_is_never_read_as_no_exclusions(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="restore it"):
        CaseNotes(tmp_path)


def test_excluded_cases_take_no_part(tmp_path: Path) -> None:
    cases = [Case(name, tmp_path / f"{name}.png") for name in "abc"]
    assert taking_part(tmp_path, cases) == tuple(cases)
    notes = CaseNotes(tmp_path / "unlearn-runs")
    notes.exclude("b", "duplicate")
    assert [case.id for case in taking_part(tmp_path, cases)] == ["a", "c"]
    with pytest.raises(UserError, match="Every one of the 1 cases"):
        taking_part(tmp_path, cases[1:2])
