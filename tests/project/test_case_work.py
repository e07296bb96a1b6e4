from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.decode import read_mask
from napari_unlearn.data.encode import write_mask
from napari_unlearn.project import case_work
from napari_unlearn.project.case_work import CaseWork
from napari_unlearn.project.history import ARTEFACTS, FINE
from napari_unlearn.project.journal import Record, read_journal


@pytest.fixture
def paths(dataset: Dataset) -> dict[str, Path]:
    return {FINE: dataset.root / "fine" / "a.png", ARTEFACTS: dataset.root / "artefacts" / "a.png"}


@pytest.fixture
def journal(dataset: Dataset) -> Path:
    return dataset.root / "unlearn-runs" / "journal" / "a.journal"


def again(dataset: Dataset, paths: dict[str, Path], journal: Path) -> CaseWork:
    """The case after a restart."""
    return CaseWork(open_dataset(dataset.root).case("a"), paths, journal)


def trim(work: CaseWork, row: int) -> None:
    work.editing.fine[row] = 0
    work.editing.touch()
    assert len(work.record("trim")) == 1


def test_looking_at_a_case_writes_nothing(dataset: Dataset, paths: dict[str, Path], journal: Path) -> None:
    work = again(dataset, paths, journal)
    assert np.array_equal(work.editing.fine, work.editing.coarse)
    assert work.record("trim") == []
    assert work.write() == {}
    assert not journal.exists()


def test_a_mask_that_was_written_without_a_note_is_written_and_told_again(
    dataset: Dataset, paths: dict[str, Path], journal: Path
) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    write_mask(paths[FINE], work.editing.fine)  # and killed before the journal says so
    found, told = again(dataset, paths, journal), []
    assert (found.recovered, found.untold) == (0, True)
    assert found.write(told.append) == {FINE: paths[FINE]}
    assert told == [paths[FINE]]
    assert not again(dataset, paths, journal).untold


def test_steps_that_were_not_written_are_recovered(dataset: Dataset, paths: dict[str, Path], journal: Path) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    work.write()
    trim(work, 6)
    trim(work, 7)
    assert work.move(back=True) is not None
    work.note_move(back=True)
    found = again(dataset, paths, journal)
    assert np.array_equal(found.editing.fine, work.editing.fine)
    assert found.recovered == 3
    assert found.dirty
    assert found.write() == {FINE: paths[FINE]}
    assert np.array_equal(read_mask(paths[FINE]), work.editing.fine)
    assert again(dataset, paths, journal).recovered == 0


def test_both_layers_share_one_history(dataset: Dataset, paths: dict[str, Path], journal: Path) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    work.artefacts.array[0] = 4
    work.artefacts.touch()
    (step,) = work.record("gel")
    assert step.layer == ARTEFACTS
    assert set(work.write()) == {FINE, ARTEFACTS}
    assert read_mask(paths[ARTEFACTS])[0].tolist() == [4] * 30
    found = again(dataset, paths, journal)
    assert (found.recovered, found.outside) == (0, False)
    assert found.move(back=True) == step
    assert not found.artefacts.array.any()
    assert np.array_equal(found.editing.fine, work.editing.fine)
    known = found.known_to(open_dataset(dataset.root)).case("a")
    assert (known.fine_path, known.artefact_path) == (paths[FINE], paths[ARTEFACTS])


def test_a_mask_that_another_program_changed_is_taken_and_can_be_undone(
    dataset: Dataset, paths: dict[str, Path], journal: Path
) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    work.write()
    other = np.zeros((20, 30), np.uint8)
    other[8:10, 8:10] = 2
    write_mask(paths[FINE], other)
    found = again(dataset, paths, journal)
    assert found.outside
    assert np.array_equal(found.editing.fine, other)
    trim(found, 8)
    later = again(dataset, paths, journal)
    assert np.array_equal(later.editing.fine, found.editing.fine)
    for _ in range(2):
        assert later.move(back=True) is not None
    assert np.array_equal(later.editing.fine, work.editing.fine)


def test_a_damaged_journal_costs_no_mask(dataset: Dataset, paths: dict[str, Path], journal: Path) -> None:
    work = again(dataset, paths, journal)
    for row in range(5, 9):
        trim(work, row)
    work.write()
    data = bytearray(journal.read_bytes())
    data[len(data) // 3] ^= 255
    journal.write_bytes(data)
    found = again(dataset, paths, journal)
    assert found.damaged
    assert np.array_equal(found.editing.fine, work.editing.fine)
    trim(found, 10)
    later = again(dataset, paths, journal)
    assert not later.damaged
    assert np.array_equal(later.editing.fine, found.editing.fine)
    assert journal.with_suffix(".journal.damaged").read_bytes() == data


@pytest.mark.parametrize("record", [Record({"do": "undo"}), Record({"do": "step", "layer": FINE}, b"nonsense")])
def test_a_journal_that_contradicts_itself_costs_no_mask(
    record: Record, dataset: Dataset, paths: dict[str, Path], journal: Path
) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    work.write()
    work.journal.append(record, record)
    found = again(dataset, paths, journal)
    assert found.damaged
    assert np.array_equal(found.editing.fine, work.editing.fine)


def test_a_journal_of_another_size_is_set_aside(dataset: Dataset, paths: dict[str, Path], journal: Path) -> None:
    work = again(dataset, paths, journal)
    trim(work, 5)
    Image.new("RGB", (8, 6)).save(dataset.root / "images" / "a.png")
    write_mask(dataset.root / "coarse" / "a.png", np.ones((6, 8), np.uint8))
    found = again(dataset, paths, journal)
    assert found.damaged
    assert found.editing.fine.shape == (6, 8)
    trim(found, 2)
    assert again(dataset, paths, journal).recovered == 1


def test_a_long_journal_gets_a_new_base(
    dataset: Dataset, paths: dict[str, Path], journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_work, "LONG", 4)
    work = again(dataset, paths, journal)
    for row in range(5, 10):
        trim(work, row)
    work.write()
    found = again(dataset, paths, journal)
    trim(found, 11)
    found.write()
    bases = [place for place, entry in enumerate(read_journal(journal).records) if entry.facts["do"] == "base"]
    assert bases == [0, 7]  # after the first base, five steps and a mark
    last = again(dataset, paths, journal)
    assert (last.recovered, last.outside) == (0, False)
    assert np.array_equal(last.editing.fine, found.editing.fine)
    for _ in range(6):
        assert last.move(back=True) is not None
    assert np.array_equal(last.editing.fine, last.editing.coarse)


def test_what_the_disk_refuses_is_only_here_until_it_takes_it(
    dataset: Dataset, paths: dict[str, Path], journal: Path
) -> None:
    work = again(dataset, paths, journal)
    journal.parent.parent.mkdir()
    journal.parent.write_text("a file where the folder should be")
    work.editing.fine[5] = 0
    work.editing.touch()
    with pytest.raises(OSError, match="exists|directory"):
        work.record("trim")
    assert work.only_here
    journal.parent.unlink()
    trim(work, 6)
    assert not work.only_here
    assert again(dataset, paths, journal).recovered == 2
