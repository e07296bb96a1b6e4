"""The table on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.benchmark.results import Results
from napari_unlearn.benchmark.row import Row
from napari_unlearn.errors import UserError


def test_rows_are_found_again(row: Callable[..., Row], tmp_path: Path) -> None:
    rows = [row("coarse", seed) for seed in range(3)]
    results = Results(tmp_path / "new" / "table.csv")
    results.add(rows[:1])
    results.add(rows[1:])
    again = Results(tmp_path / "new" / "table.csv")
    assert again.rows == rows
    assert rows[2].trial in again
    assert row("coarse", 3).trial not in again
    assert (tmp_path / "new" / "table.csv").read_text("utf-8").count("source,") == 1


@pytest.mark.parametrize("lost", [1, 30, 200])
def test_a_torn_last_line_is_measured_again_and_leaves_no_trace(
    row: Callable[..., Row], tmp_path: Path, lost: int
) -> None:
    path = tmp_path / "table.csv"
    rows = [row("coarse", seed, failure="x" * 300) for seed in range(3)]
    Results(path).add(rows)
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    torn = Results(path)
    assert torn.rows == rows[:2]
    torn.add(rows[2:])
    assert path.read_bytes() == whole


def test_a_table_that_was_torn_in_its_first_line_starts_anew(row: Callable[..., Row], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("source,enc", "utf-8")
    results = Results(path)
    assert results.rows == []
    results.add([row("coarse", 0)])
    assert Results(path).rows == [row("coarse", 0)]


def test_the_last_of_two_rows_about_one_trial_counts(row: Callable[..., Row], tmp_path: Path) -> None:
    results = Results(tmp_path / "table.csv")
    results.add([row("coarse", 0, 0.1), row("coarse", 0, 0.2)])
    assert Results(tmp_path / "table.csv").rows == results.rows == [row("coarse", 0, 0.2)]


@pytest.mark.parametrize("content", [b"id,split\n1,train\n", b"\xff\xfe\n"])
def test_another_file_is_neither_read_nor_written(row: Callable[..., Row], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "metadata.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"metadata\.csv is not a table of this benchmark; name another file"):
        Results(path)
    assert path.read_bytes() == content


def test_a_cell_that_was_spoilt_is_told(row: Callable[..., Row], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    Results(path).add([row("coarse", 0)])
    path.write_text(path.read_text("utf-8").replace("synthetic,tiny,12", "synthetic,tiny,twelve"), "utf-8")
    with pytest.raises(UserError, match="is not a table of this benchmark"):
        Results(path)


def test_a_place_that_cannot_be_written_is_told(row: Callable[..., Row], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UserError, match=r"table\.csv cannot be (read|written) \("):
        Results(tmp_path / "file" / "table.csv").add([row("coarse", 0)])


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Results(tmp_path)
