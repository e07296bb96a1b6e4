from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.data.detect import detect
from napari_unlearn.errors import UserError


@pytest.mark.parametrize("inner", ["", "images", "coarse", "metadata.csv", ".."])
def test_the_folder_above_and_those_inside_mean_the_data_set(make_folder: Callable[..., Path], inner: str) -> None:
    root = make_folder({"a": 1}, "id,split\na,train\n")
    tree, layout = detect(root / inner)
    assert (tree.root, layout.title) == (root.resolve(), "data set folder")


def test_a_part_of_a_published_set_may_have_been_unpacked_into_its_own_name(
    tmp_path: Path, saved: Callable[..., Path]
) -> None:
    inner = tmp_path / "ISIC-2017_Training_Data" / "ISIC-2017_Training_Data"
    saved(inner / "ISIC_0000000.jpg", 100)
    assert detect(inner)[0].root == tmp_path.resolve()


def test_a_folder_of_something_else_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(UserError) as caught:
        detect(tmp_path)
    sentence = str(caught.value)
    for part in ("images/ (with coarse/", "ISIC-2017_Training_Data/", "HAM10000_metadata.csv", "PH2_dataset.txt"):
        assert part in sentence


def test_a_neighbour_is_not_opened_by_mistake(make_folder: Callable[..., Path]) -> None:
    other = make_folder({"a": 1}).parent / "set" / "models"
    other.mkdir()
    with pytest.raises(UserError, match=r"models is not a data set this program knows"):
        detect(other)


def test_several_data_sets_are_not_guessed_at(tmp_path: Path, saved: Callable[..., Path]) -> None:
    for name in ("one", "two"):
        saved(tmp_path / name / "images" / "a.jpg", 100)
    with pytest.raises(UserError, match=r"holds several data sets \(one, two\); open one of them"):
        detect(tmp_path)


def test_mixed_challenges_are_refused(tmp_path: Path, saved: Callable[..., Path]) -> None:
    saved(tmp_path / "ISIC-2017_Training_Data" / "ISIC_0000000.jpg", 100)
    saved(tmp_path / "ISIC2018_Task1-2_Training_Input" / "ISIC_0000000.jpg", 100)
    with pytest.raises(UserError, match=r"mixes ISIC 2017, ISIC 2018; move each into a folder of its own"):
        detect(tmp_path)


def test_a_file_or_nothing_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    with pytest.raises(UserError, match=r"a.jpg is a file; open the folder"):
        detect(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"gone does not exist; check the spelling"):
        detect(tmp_path / "gone")
