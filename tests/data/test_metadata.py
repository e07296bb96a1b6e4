from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data import metadata
from napari_unlearn.data.metadata import read_table
from napari_unlearn.errors import UserError


def table(folder: Path, content: str | bytes) -> Path:
    path = folder / "metadata.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "id,split\na,train\nb,test\n",
        "\ufeffid,split\r\na,train\r\nb,test",
        "id;split\na;train\nb;test\n",
        "id\tsplit\na\ttrain\nb\ttest\n",
        ' id , split ,\n a , train ,\n\n,,\nb,"test",\n',
    ],
)
def test_spreadsheets_write_tables_in_many_ways(tmp_path: Path, content: str) -> None:
    found = read_table(table(tmp_path, content))
    assert found.columns == ("id", "split")
    assert found.rows == ({"id": "a", "split": "train"}, {"id": "b", "split": "test"})


def test_a_line_may_end_early_and_quotes_protect_separators(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, 'id,split,site\na\nb,test,"back, upper"\n'))
    assert found.rows[0] == {"id": "a", "split": "", "site": ""}
    assert found.rows[1]["site"] == "back, upper"


def test_columns_of_a_table_without_header(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "ISIC_0000000,benign\n"), columns=("id", "diagnosis"))
    assert found.rows == ({"id": "ISIC_0000000", "diagnosis": "benign"},)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "id,site\na,b\xe4ck\n".encode("latin-1"),
            r"is not UTF-8 text \(byte 0xe4 in line 2\); save it as 'CSV UTF-8'",
        ),
        ("id,site\n".encode("utf-16"), r"is not UTF-8 text \(it holds a zero byte\)"),
        ("id,site\na,b,c\n", "has 3 cells in line 2, but 2 columns; put cells"),
        ("id,site,site\n", "names the column 'site' more than once"),
        ('id,site\na,"open\n', "is not a table in line 2"),
        ("id,site\na,b\0\n", r"is not UTF-8 text \(it holds a zero byte\)"),
        ("\n\n", "has no header line"),
        (b"", r"is empty \(0 bytes\)"),
        ("id\n" + "x" * 200_000, "is not a table in line 2 .*field larger"),
    ],
)
def test_what_is_not_a_table_is_refused_with_the_line(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(UserError, match=f"metadata.csv {sentence}"):
        read_table(table(tmp_path, content))


def test_a_hundred_thousand_columns_are_looked_at_once_each(tmp_path: Path) -> None:
    # Counting each among all the others took half an hour.
    names = [f"c{i}" for i in range(100_000)]
    assert read_table(table(tmp_path, ",".join(names))).columns == tuple(names)


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "LARGEST", 2**20)
    with (tmp_path / "metadata.csv").open("wb") as stream:
        stream.truncate(2 * 2**20)
    with pytest.raises(UserError, match="above the limit of 1 MiB"):
        metadata.read_text(tmp_path / "metadata.csv")


@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = table(tmp_path_factory.mktemp("bytes"), data)
    sentence = str(path)
    columns: set[tuple[str, ...]] = set()
    try:
        columns = {tuple(row) for row in read_table(path).rows}
    except UserError as error:
        sentence = str(error)
    assert str(path) in sentence
    assert len(columns) <= 1
