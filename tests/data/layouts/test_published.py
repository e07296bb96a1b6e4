from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.data.layouts.published import Facts, Part, files_of, find_folder, listing
from napari_unlearn.data.tree import Tree
from napari_unlearn.errors import UserError


def read(root: Path, facts: Facts, *, ids: str = "ab", splits: int = 1) -> tuple[tuple[str, ...], list[object]]:
    images = {case_id: root / f"{case_id}.jpg" for case_id in ids}
    masks = {case_id: root / f"{case_id}.png" for case_id in ids}
    found = listing(Tree(root), "Set", [Part(images, masks)] * splits, facts, licence="", source="")
    return found.classes, [
        [(case.diagnosis, dict(case.class_values), case.coarse_path is None) for case in found.cases],
        found.notes,
    ]


def test_without_diagnoses_there_are_lesions(tmp_path: Path) -> None:
    classes, (cases, notes) = read(tmp_path, Facts())
    assert classes == ("background", "lesion")
    assert cases == [(None, {}, False)] * 2
    assert notes == ()


def test_with_diagnoses_the_mask_gets_their_class(tmp_path: Path) -> None:
    classes, (cases, _) = read(tmp_path, Facts({"a": "nv", "b": "mel"}))
    assert classes == ("background", "benign", "malignant")
    assert cases == [("benign", {1: 1}, False), ("malignant", {1: 2}, False)]


def test_a_mask_of_an_unknown_lesion_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    _, (cases, notes) = read(tmp_path, Facts({"a": "nv", "b": "something rare"}))
    assert cases == [("benign", {1: 1}, False), (None, {}, True)]
    assert notes == ("Masks left out, because the diagnosis of the lesion is not known: 1.",)


def test_a_case_in_two_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.jpg and .*a.jpg are the same case a; keep one"):
        read(tmp_path, Facts(), splits=2)


def test_no_image_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is laid out like Set, but holds no image; unpack"):
        read(tmp_path, Facts(), ids="")


def test_own_masks_lie_beside_the_published_folders(tmp_path: Path, saved: Callable[..., Path]) -> None:
    saved(tmp_path / "fine" / "a.png", 1)
    images = {"a": saved(tmp_path / "published" / "a.jpg")}
    found = listing(Tree(tmp_path), "Set", [Part(images, {})], Facts(), licence="", source="")
    assert found.cases[0].fine_path == tmp_path / "fine" / "a.png"


def test_folders_are_found_in_other_capitals_and_one_level_deeper(tmp_path: Path, saved: Callable[..., Path]) -> None:
    saved(tmp_path / "ham_images" / "ham_images" / "a.jpg")
    tree = Tree(tmp_path)
    assert find_folder(tree, "HAM_images") == "ham_images"
    assert list(files_of(tree, "HAM_images")) == ["a"]
    assert files_of(tree, "masks", masks=True) == {}


def test_a_later_row_adds_to_an_earlier_one() -> None:
    facts = Facts()
    facts.add("a", "nv", {"sex": "female"})
    facts.add("a", "", {"age": "60"})
    assert (facts.diagnoses, facts.metadata) == ({"a": "nv"}, {"a": {"sex": "female", "age": "60"}})
