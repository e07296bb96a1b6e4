from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.data.tree import MASKS, Tree
from napari_unlearn.errors import UserError

links = pytest.mark.skipif(os.name == "nt", reason="Links need a privilege on Windows.")


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_lists_images_by_id_and_passes_over_the_rest(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "._a.jpg", ".DS_Store", "notes.txt", "noextension"):
        touch(tmp_path / "images" / name)
    assert list(Tree.at(tmp_path).by_id("images")) == ["a", "b"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    tree = Tree.at(tmp_path)
    assert (tree.by_id("images"), tree.top, tree.file("metadata.csv")) == ({}, {}, None)


def test_only_names_with_the_ending_count_and_lose_it(tmp_path: Path) -> None:
    for name in ("a_segmentation.png", "b.png", "c_segmentation.jpg"):
        touch(tmp_path / "masks" / name)
    assert list(Tree.at(tmp_path).by_id("masks", suffixes=MASKS, ending="_segmentation")) == ["a"]


def test_two_files_for_one_case_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a.png")
    touch(tmp_path / "images" / "a.jpg")
    with pytest.raises(UserError, match=r"images has two files for the case a: a.jpg and a.png; keep one"):
        Tree.at(tmp_path).by_id("images")


def test_a_file_name_that_is_no_id_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a .jpg")
    with pytest.raises(UserError, match=r"images has the id 'a ', which starts or ends with a space"):
        Tree.at(tmp_path).by_id("images")


@links
@pytest.mark.parametrize("kind", ["file", "folder", "metadata", "missing", "loop"])
def test_links_that_leave_the_folder_are_refused(tmp_path: Path, kind: str) -> None:
    secret = touch(tmp_path / "secret" / "a.jpg")
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    link, target = {
        "file": (root / "images" / "a.jpg", secret),
        "folder": (root / "coarse", secret.parent),
        "metadata": (root / "metadata.csv", secret),
        "missing": (root / "images" / "a.jpg", tmp_path / "nothing"),
        "loop": (root / "images" / "a.jpg", root / "images" / "a.jpg"),
    }[kind]
    link.symlink_to(target)
    tree = Tree.at(root)
    with pytest.raises(UserError, match=rf"{link.name} is a link that (leaves|leads)"):
        {"folder": lambda: tree.by_id("coarse"), "metadata": lambda: tree.file("metadata.csv")}.get(
            kind, lambda: tree.by_id("images")
        )()


@links
def test_links_within_the_folder_and_to_it_are_followed(tmp_path: Path) -> None:
    image = touch(tmp_path / "set" / "originals" / "a.jpg")
    (tmp_path / "set" / "images").mkdir()
    (tmp_path / "set" / "images" / "a.jpg").symlink_to(image)
    (tmp_path / "shortcut").symlink_to(tmp_path / "set")
    tree = Tree.at(tmp_path / "shortcut")
    assert list(tree.by_id("images")) == ["a"]
    assert tree.root == (tmp_path / "set").resolve()


@links
def test_a_link_beside_the_parts_is_nobodys_business(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    touch(tmp_path / "set" / "images" / "a.jpg")
    (tmp_path / "set" / "model").symlink_to(tmp_path / "models")
    assert set(Tree.at(tmp_path / "set").top) == {"images", "model"}


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_folder: Path) -> Callable[[], None]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(UserError, match=r"images cannot be listed \(Permission denied\); check"):
        Tree.at(tmp_path).by_id("images")
