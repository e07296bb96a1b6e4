from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data import Dataset, open_dataset
from napari_unlearn.errors import UserError

Make = Callable[..., Path]


def test_everything_the_folder_says_is_known(make_folder: Make, saved: Callable[..., Path]) -> None:
    root = make_folder({"a": 1, "b": 2}, "id,split,diagnosis,age\na,train,benign,60\nb,test,malignant,\n")
    saved(root / "fine" / "a.png", 1)
    saved(root / "artefacts" / "b.png", 16)
    a, b = open_dataset(root).cases
    assert (a.split, a.diagnosis, dict(a.metadata), a.is_refined, a.artefact_path) == (
        "train",
        "benign",
        {"age": "60"},
        True,
        None,
    )
    assert (b.split, b.diagnosis, dict(b.metadata), b.is_refined) == ("test", "malignant", {"age": ""}, False)
    assert b.artefact_path is not None
    assert [np.unique(case.coarse()).tolist() for case in (a, b)] == [[1], [2]]


def test_the_table_and_the_masks_may_be_missing(make_folder: Make) -> None:
    dataset = open_dataset(make_folder({"a": None, "b": 1}))
    assert dataset.classes == ("background", "lesion")
    assert [(case.id, case.split, case.coarse_path is None) for case in dataset.cases] == [
        ("a", None, True),
        ("b", None, False),
    ]


def test_an_image_without_a_row_is_a_case_without_a_split(make_folder: Make) -> None:
    dataset = open_dataset(make_folder({"a": 1, "b": 1}, "id,split,diagnosis\na,train,benign\n"))
    assert [(case.split, case.diagnosis) for case in dataset.cases] == [("train", "benign"), (None, None)]


@pytest.mark.parametrize(
    ("diagnoses", "classes"),
    [
        (("malignant", "benign"), ("background", "benign", "malignant")),
        (("nevus", "melanoma"), ("background", "melanoma", "nevus")),
        (("background", "malignant"), ("background", "malignant")),
        (("", ""), ("background", "lesion")),
    ],
)
def test_classes_are_the_diagnoses_found(
    make_folder: Make, diagnoses: tuple[str, str], classes: tuple[str, ...]
) -> None:
    table = f"id,split,diagnosis\na,train,{diagnoses[0]}\nb,train,{diagnoses[1]}\n"
    assert open_dataset(make_folder({"a": 1, "b": 1}, table)).classes == classes


def test_classes_of_the_settings_go_before_diagnoses(make_folder: Make) -> None:
    settings = 'name = "Clinic"\nclasses = ["background", "malignant"]\nlicence = "CC0"\nsource = "here"\n'
    dataset = open_dataset(make_folder({"a": 0}, "id,split,diagnosis\na,train,benign\n", settings))
    assert (dataset.name, dataset.classes, dataset.licence, dataset.source) == (
        "Clinic",
        ("background", "malignant"),
        "CC0",
        "here",
    )
    assert dataset.cases[0].diagnosis == "benign"


def test_the_first_columns_may_be_in_capitals(make_folder: Make) -> None:
    dataset = open_dataset(make_folder({"a": 1}, "ID;Split;Diagnosis;Site\na;train;benign;back\n"))
    assert (dataset.cases[0].split, dict(dataset.cases[0].metadata)) == ("train", {"Site": "back"})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("name,split\na,train\n", r"metadata.csv has no column 'id'; its first line must be id,split,diagnosis"),
        ("id\na\na\nb\nb\n", r"metadata.csv has more than one row for a, b; keep one row a case"),
        ("id\na\nx\ny\n", r"metadata.csv names x, y, but images/ has no such image; add the image or delete the row"),
        ("id\na\n" + "\n".join(f"x{i}" for i in range(8)), r"names x0, x1, x2, x3, x4 and 3 more, but"),
        ("id\n../a\n", r"metadata.csv has the id '../a', which holds the character '/'"),
        ("id,split\n,train\n", r"metadata.csv has the id '', which is empty"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(make_folder: Make, table: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        open_dataset(make_folder({"a": 1, "b": 1}, table))


def test_free_text_is_no_diagnosis(make_folder: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unlearn.data.layouts.folder.MOST_CLASSES", 2)
    root = make_folder({"a": 1, "b": 1}, "id,diagnosis\na,x\nb,y\n")
    with pytest.raises(UserError, match=r"metadata.csv has 2 different diagnoses; write the class names in order"):
        open_dataset(root)


def test_a_folder_without_images_is_refused(make_folder: Make) -> None:
    root = make_folder({"a": 1})
    (root / "images" / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"images holds no image; put files there \(.bmp, .dcm"):
        open_dataset(root)


def test_masks_must_be_png(make_folder: Make, saved: Callable[..., Path]) -> None:
    root = make_folder({"a": None})
    saved(root / "coarse" / "a.jpg", 1)
    with pytest.raises(UserError, match=r"a.jpg is not a PNG; save masks as coarse/<id>.png"):
        open_dataset(root)


def test_a_mask_of_0_and_255_is_class_1(make_folder: Make) -> None:
    dataset: Dataset = open_dataset(make_folder({"a": 255}))
    assert np.unique(dataset.cases[0].coarse()).tolist() == [1]
