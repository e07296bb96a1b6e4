from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.project.journal import HEAD, Journal, Reading, Record, read_journal

RECORDS = (Record({"do": "step", "what": "trim"}, b"\nREC\x00\n"), Record({"do": "undo"}), Record({"do": "redo"}, b"x"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with three records."""
    journal = Journal(tmp_path / "journal" / "a.journal", Reading())
    for record in RECORDS:
        journal.append(record)
    journal.file.close()
    return journal.file.path


def test_what_was_written_is_read(path: Path) -> None:
    size = path.stat().st_size
    assert read_journal(path) == Reading(RECORDS, size, 0, torn=False)
    assert read_journal(path.with_name("none")) == Reading()


def test_wherever_writing_stopped_every_whole_record_is_read_and_the_next_follows_it(path: Path) -> None:
    data = path.read_bytes()
    ends = [len(HEAD)]
    for record in RECORDS:
        ends.append(ends[-1] + len(record.pack()))
    for length in range(len(data)):
        path.write_bytes(data[:length])
        reading = read_journal(path)
        whole = max(sum(end <= length for end in ends) - 1, 0)
        assert reading.records == RECORDS[:whole]
        assert (reading.rest == 0) == (length in (0, *ends))
        assert reading.torn == (reading.rest > 0)
        journal = Journal(path, reading)
        journal.append(RECORDS[2])
        journal.file.close()
        assert read_journal(path).records == (*RECORDS[:whole], RECORDS[2])
    assert not path.with_suffix(".journal.damaged").exists()


def test_a_byte_that_changed_in_the_middle_is_damage_and_the_file_is_kept(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(HEAD) + len(RECORDS[0].pack()) + 15] ^= 1
    path.write_bytes(data)
    reading = read_journal(path)
    assert reading.records == RECORDS[:1]
    assert not reading.torn
    journal = Journal(path, reading)
    journal.append(RECORDS[1])
    journal.file.close()
    assert read_journal(path).records == RECORDS[:2]
    assert path.with_suffix(".journal.damaged").read_bytes() == data


def test_another_file_is_no_journal(path: Path) -> None:
    path.write_bytes(b"something else")
    assert read_journal(path) == Reading(rest=14)


def test_records_count_while_they_wait(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    journal = Journal(tmp_path / "journal" / "a.journal", Reading())
    with pytest.raises(OSError, match="exists|directory"):
        journal.append(*RECORDS)
    assert journal.count == 3
    (tmp_path / "journal").unlink()
    journal.append()
    journal.file.close()
    assert read_journal(journal.file.path).records == RECORDS
