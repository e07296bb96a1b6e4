from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data import Case, fine_path_for, open_dataset, write_mask

Save = Callable[..., Path]


def classes_of(case: Case) -> list[int]:
    return [int(value) for value in np.unique(case.coarse())]


def part(root: Path, saved: Save, images: str, masks: str, ending: str, *ids: str) -> None:
    for case_id in ids:
        saved(root / images / f"{case_id}.jpg", 100)
        saved(root / masks / f"{case_id}{ending}.png", 255)


@pytest.fixture
def isic2016(tmp_path: Path, saved: Save) -> Path:
    stem = "ISBI2016_ISIC_Part{}_{}_{}"
    for split, ids in (("Training", ("ISIC_0000000", "ISIC_0000002")), ("Test", ("ISIC_0000003",))):
        images, masks = stem.format(1, split, "Data"), stem.format(1, split, "GroundTruth")
        part(tmp_path, saved, images, masks, "_Segmentation", *ids)
    table = tmp_path / "ISBI2016_ISIC_Part3_Training_GroundTruth.csv"
    table.write_text("ISIC_0000000,benign\nISIC_0000002,malignant\n")
    (tmp_path / "ISBI2016_ISIC_Part3_Test_GroundTruth.csv").write_text("ISIC_0000003,1.0\n")
    return tmp_path


@pytest.fixture
def isic2017(tmp_path: Path, saved: Save) -> Path:
    parts = {
        "Training": ("ISIC_0000001", "ISIC_0000002", "ISIC_0000003"),
        "Validation": ("ISIC_0001769",),
        "Test_v2": ("ISIC_0012086",),
    }
    rows = {"ISIC_0000001": "0.0,0.0", "ISIC_0000002": "1.0,0.0", "ISIC_0000003": "0.0,1.0"}
    for split, ids in parts.items():
        folder = f"ISIC-2017_{split}_Data"
        part(tmp_path, saved, folder, f"ISIC-2017_{split}_Part1_GroundTruth", "_segmentation", *ids)
        for case_id in ids:
            saved(tmp_path / folder / f"{case_id}_superpixels.png", 3)
        table = "".join(f"{case_id},{rows.get(case_id, '1,0')}\n" for case_id in ids)
        (tmp_path / f"ISIC-2017_{split}_Part3_GroundTruth.csv").write_text(
            f"image_id,melanoma,seborrheic_keratosis\n{table}"
        )
    (tmp_path / "ISIC-2017_Training_Data" / "ISIC-2017_Training_Data_metadata.csv").write_text(
        "image_id,age_approximate,sex\nISIC_0000001,30,female\n"
    )
    return tmp_path


@pytest.fixture
def isic2018(tmp_path: Path, saved: Save) -> Path:
    for split, ids in (("Training", ("ISIC_0024306", "ISIC_0024310")), ("Validation", ("ISIC_0012255",))):
        images, masks = f"ISIC2018_Task1-2_{split}_Input", f"ISIC2018_Task1_{split}_GroundTruth"
        part(tmp_path, saved, images, masks, "_segmentation", *ids)
    return tmp_path


def test_2016(isic2016: Path) -> None:
    dataset = open_dataset(isic2016)
    assert (dataset.name, dataset.splits) == ("ISIC 2016", ("train", "test"))
    assert [(case.id, case.diagnosis, classes_of(case)) for case in dataset.cases] == [
        ("ISIC_0000000", "benign", [1]),
        ("ISIC_0000002", "malignant", [2]),
        ("ISIC_0000003", "malignant", [2]),
    ]


def test_2017(isic2017: Path) -> None:
    dataset = open_dataset(isic2017)
    assert (dataset.name, dataset.splits) == ("ISIC 2017", ("train", "validation", "test"))
    assert [(case.id, case.split, case.diagnosis, classes_of(case)) for case in dataset.cases] == [
        ("ISIC_0000001", "train", "benign", [1]),
        ("ISIC_0000002", "train", "malignant", [2]),
        ("ISIC_0000003", "train", "benign", [1]),
        ("ISIC_0001769", "validation", "malignant", [2]),
        ("ISIC_0012086", "test", "malignant", [2]),
    ]
    assert dict(dataset.case("ISIC_0000001").metadata) == {
        "age_approximate": "30",
        "sex": "female",
        "melanoma": "0.0",
        "seborrheic_keratosis": "0.0",
    }


def test_2018_without_diagnoses_has_lesions(isic2018: Path) -> None:
    dataset = open_dataset(isic2018)
    assert (dataset.name, dataset.classes, dataset.splits) == (
        "ISIC 2018",
        ("background", "lesion"),
        ("train", "validation"),
    )
    assert [classes_of(case) for case in dataset.cases] == [[1]] * 3


@pytest.mark.parametrize("folder", ["", "ISIC2018_Task3_Training_GroundTruth"])
def test_2018_takes_diagnoses_of_the_third_task(isic2018: Path, folder: str) -> None:
    (isic2018 / folder).mkdir(exist_ok=True)
    (isic2018 / folder / "ISIC2018_Task3_Training_GroundTruth.csv").write_text(
        "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\nISIC_0024306,0.0,1.0,0.0,0.0,0.0,0.0,0.0\n"
        "ISIC_0024310,1.0,0.0,0.0,0.0,0.0,0.0,0.0\nISIC_0099999,0,0,0,0,0,0,1\n"
    )
    dataset = open_dataset(isic2018)
    assert dataset.classes == ("background", "benign", "malignant")
    assert [(case.id, case.diagnosis, case.coarse_path is None) for case in dataset.cases] == [
        ("ISIC_0012255", None, True),
        ("ISIC_0024306", "benign", False),
        ("ISIC_0024310", "malignant", False),
    ]
    assert len(dataset.notes) == 1


@pytest.mark.parametrize("inner", ["ISIC-2017_Training_Data", "ISIC-2017_Test_v2_Part1_GroundTruth"])
def test_a_folder_inside_means_the_whole(isic2017: Path, inner: str) -> None:
    assert open_dataset(isic2017 / inner).root == isic2017.resolve()


def test_a_refined_mask_is_picked_up_again(isic2017: Path) -> None:
    dataset = open_dataset(isic2017)
    case = dataset.case("ISIC_0000002")
    fine = np.zeros(case.shape, np.uint8)
    fine[2:4, 2:4] = 2
    write_mask(fine_path_for(dataset, case), fine)
    again = open_dataset(isic2017).case("ISIC_0000002")
    assert again.fine_path == isic2017.resolve() / "fine" / "ISIC_0000002.png"
    np.testing.assert_array_equal(again.fine(), fine)
    assert open_dataset(isic2017 / "fine").root == isic2017.resolve()
