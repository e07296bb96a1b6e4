from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes
from napari_unlearn.project import audit_trail
from napari_unlearn.project.audit_trail import AuditTrail, find_trail, verify_trail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A trail of four lines about a mask that is there."""
    (tmp_path / "fine").mkdir()
    (tmp_path / "fine" / "a.png").write_bytes(b"mask")
    trail = AuditTrail(tmp_path / "unlearn-runs" / "audit.jsonl", "Ann")
    trail.add("mask saved", "a", file="fine/a.png", sha256="0" * 64)
    trail.add("mask saved", "a", file="fine/a.png", sha256=sha256_bytes(b"mask"), steps={"trim": 2})
    trail.add("refined", "a")
    trail.add("model chosen", model="modèle")
    trail.close()
    return tmp_path / "unlearn-runs" / "audit.jsonl"


def test_a_trail_says_who_did_what_when_and_to_which_case(path: Path) -> None:
    entry = json.loads(path.read_text(encoding="utf-8").splitlines()[1])
    assert (entry["n"], entry["who"], entry["what"], entry["case"]) == (2, "Ann", "mask saved", "a")
    assert entry["steps"] == {"trim": 2}
    assert "T" in entry["when"]


def test_a_whole_trail_is_valid_and_is_gone_on_with(path: Path) -> None:
    trail = AuditTrail(path, "Bob")
    trail.add("refined", "b")
    trail.close()
    checked = verify_trail(path)
    assert checked.failures == ()
    assert checked.lines == 5
    assert checked.last == json.loads(path.read_text().splitlines()[-1])["hash"]


def test_every_altered_byte_is_found(path: Path) -> None:
    data = path.read_bytes()
    for place in range(0, len(data), 7):
        altered = bytearray(data)
        altered[place] ^= 1
        path.write_bytes(altered)
        assert verify_trail(path).failures, place


@pytest.mark.parametrize("keep", [[1, 2, 3], [0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2, 3]])
def test_lines_that_were_removed_moved_or_doubled_are_found(path: Path, keep: list[int]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[number] for number in keep))
    (failure,) = verify_trail(path).failures
    assert "removed from audit.jsonl, added to it or moved" in failure


def test_cutting_off_what_was_said_of_a_mask_shows_at_the_mask(path: Path) -> None:
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert verify_trail(path).failures == ("fine/a.png was changed after the last entry about it.",)


def test_masks_that_were_changed_or_deleted_since_are_named(path: Path) -> None:
    mask = path.parent.parent / "fine" / "a.png"
    mask.write_bytes(b"other")
    assert verify_trail(path).failures == ("fine/a.png was changed after the last entry about it.",)
    mask.unlink()
    assert verify_trail(path).failures == ("fine/a.png was deleted after the last entry about it.",)


def test_a_trail_from_elsewhere_makes_nobody_read_other_files(tmp_path: Path) -> None:
    trail = AuditTrail(tmp_path / "unlearn-runs" / "audit.jsonl", "Eve")
    trail.add("mask saved", "a", file="../secret", sha256="0" * 64)
    trail.close()
    (failure,) = verify_trail(tmp_path).failures
    assert "outside the data set" in failure


def test_a_clock_that_goes_backwards_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(["2030-01-01T12:00:00", "1970-01-01T00:00:00", "2029-12-31T00:00:00"])
    monkeypatch.setattr(audit_trail, "now", lambda: next(times))
    for _ in range(3):
        trail = AuditTrail(tmp_path / "audit.jsonl", "Ann")
        trail.add("refined", "a")
        trail.close()
    assert verify_trail(tmp_path).failures == ()


def test_a_line_that_was_never_finished_is_named_removed_and_said(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b'{"n":5,"wh')
    (failure,) = verify_trail(path).failures
    assert "not finished" in failure
    trail = AuditTrail(path, "Ann")
    trail.add("refined", "b")
    trail.close()
    assert verify_trail(path).failures == ()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["what"] for entry in entries[-2:]] == ["unfinished line removed", "refined"]
    assert entries[-2]["bytes"] == 10


def test_a_broken_trail_is_gone_on_with_and_stays_broken(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"Ann", b"Eve", 1))
    trail = AuditTrail(path, "Ann")
    trail.add("refined", "b")
    trail.close()
    assert verify_trail(path).failures == ("Line 1 of audit.jsonl was altered.",)


def test_a_trail_is_found_by_its_file_its_folder_and_its_data_set(path: Path, tmp_path: Path) -> None:
    for place in (path, path.parent, tmp_path):
        assert find_trail(place) == path
    assert find_trail(tmp_path / "fine") is None
    with pytest.raises(UserError, match="holds no audit"):
        verify_trail(tmp_path / "fine")


@pytest.mark.parametrize("tail", [1, 200, 1 << 16])
def test_a_long_trail_is_gone_on_with_from_its_end(path: Path, tail: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "TAIL", tail)
    with path.open("ab") as stream:
        stream.write(b"unfinished")
    trail = AuditTrail(path, "Bob")
    trail.add("refined", "b")
    trail.close()
    checked = verify_trail(path)
    assert checked.failures == ()
    assert checked.lines == 6


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"'])
def test_a_line_that_nobody_could_have_written_is_named(path: Path, value: str) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"refined"', value), encoding="utf-8")
    assert verify_trail(path).failures == ("Line 3 of audit.jsonl is no entry of an audit trail.",)
    trail = AuditTrail(path, "Bob")
    trail.add("refined", "b")
    trail.close()
    assert verify_trail(path).failures == ("Line 3 of audit.jsonl is no entry of an audit trail.",)
