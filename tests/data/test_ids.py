from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data.ids import LONGEST, check_id
from napari_unlearn.errors import UserError


@pytest.mark.parametrize("case_id", ["ISIC_0000000", "train-0001", "a.b", "a..b", "Läsion 3", "ü" * 75, "病变"])
def test_accepts_ordinary_names(case_id: str) -> None:
    assert check_id(case_id, "x") == case_id


@pytest.mark.parametrize(
    ("case_id", "fault"),
    [
        ("", "is empty"),
        ("..", "starts with a dot"),
        (".hidden", "starts with a dot"),
        ("../up", "holds the character '/'"),
        ("/etc/passwd", "holds the character '/'"),
        ("C:\\x", "holds the character ':'"),
        ("a\\b", r"holds the character '\\\\'"),
        ("a\nb", r"holds the character '\\n'"),
        ("a\0", r"holds the character '\\x00'"),
        ("a\u202egnp", r"holds the character '\\u202e'"),
        ("a\ud800", r"holds the character '\\ud800'"),
        ("what?", r"holds the character '\?'"),
        (" a", "starts or ends with a space"),
        ("a.", "ends with a dot"),
        ("a" * 151, "is longer than 150 bytes"),
    ],
)
def test_refuses_what_is_not_safe_and_says_why(case_id: str, fault: str) -> None:
    with pytest.raises(UserError, match=f"^metadata.csv has the id .*, which {fault}; rename it"):
        check_id(case_id, "metadata.csv")


def test_accents_are_composed() -> None:
    assert check_id("La\u0308sion", "x") == "L\u00e4sion"


@given(st.text(max_size=200))
def test_what_is_accepted_names_one_file_right_in_the_folder(case_id: str) -> None:
    try:
        accepted = check_id(case_id, "x")
    except UserError:
        return
    name = f"{accepted}.png"
    assert (Path("fine") / name).parent == Path("fine")
    for flavour in (PurePosixPath, PureWindowsPath):
        assert flavour("fine", name).name == name
        assert not flavour(name).is_absolute()
    assert len(name.encode()) <= LONGEST + 4
    assert unicodedata.is_normalized("NFC", accepted)
    assert check_id(accepted, "x") == accepted
