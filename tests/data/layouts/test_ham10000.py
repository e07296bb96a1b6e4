from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data import open_dataset
from napari_unlearn.errors import UserError

Save = Callable[..., Path]
TABLE = (
    "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
    "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp\n"
    "HAM_0002730,ISIC_0026769,akiec,histo,75.0,male,ear\n"
)
IDS = ("ISIC_0027419", "ISIC_0026769")


def masks(root: Path, saved: Save) -> None:
    for case_id in IDS:
        saved(root / "HAM10000_segmentations_lesion_tschandl" / f"{case_id}_segmentation.png", 255)


EXPECTED = {
    "data set": ("HAM10000", ("background", "benign", "malignant"), ()),
    "cases": [(IDS[1], "malignant", [2]), (IDS[0], "benign", [1])],
    "metadata": {
        "lesion_id": "HAM_0000118",
        "dx": "bkl",
        "dx_type": "histo",
        "age": "80.0",
        "sex": "male",
        "localization": "scalp",
    },
}


def told(root: Path) -> dict[str, object]:
    """What a data set says of itself, of its cases and of the first of them."""
    dataset = open_dataset(root)
    return {
        "data set": (dataset.name, dataset.classes, dataset.splits),
        "cases": [(case.id, case.diagnosis, np.unique(case.coarse()).tolist()) for case in dataset.cases],
        "metadata": dict(dataset.case(IDS[0]).metadata),
    }


@pytest.mark.parametrize("table", ["HAM10000_metadata.csv", "HAM10000_metadata", "HAM10000_metadata.tab"])
@pytest.mark.parametrize(
    "folders",
    [
        ("HAM10000_images_part_1", "HAM10000_images_part_2"),
        ("ham10000_images_part_1", "ham10000_images_part_2"),
        ("HAM10000_images", "HAM10000_images"),
        ("images", "images"),
    ],
)
def test_opens_as_it_unpacks(tmp_path: Path, saved: Save, table: str, folders: tuple[str, str]) -> None:
    masks(tmp_path, saved)
    for folder, case_id in zip(folders, IDS, strict=True):
        saved(tmp_path / folder / f"{case_id}.jpg", 100)
    text = TABLE.replace(",", "\t") if table.endswith("tab") else TABLE
    (tmp_path / table).write_text(text)
    assert told(tmp_path) == EXPECTED


def test_the_same_folder_in_two_spellings_counts_once(tmp_path: Path, saved: Save) -> None:
    masks(tmp_path, saved)
    for folder in ("HAM10000_images_part_1", "ham10000_images_part_1"):
        for case_id in IDS:
            saved(tmp_path / folder / f"{case_id}.jpg", 100)
    (tmp_path / "HAM10000_metadata.csv").write_text(TABLE)
    assert told(tmp_path) == EXPECTED


def test_without_the_table_there_are_lesions(tmp_path: Path, saved: Save) -> None:
    masks(tmp_path, saved)
    saved(tmp_path / "HAM10000_images_part_1" / f"{IDS[0]}.jpg", 100)
    dataset = open_dataset(tmp_path / "HAM10000_images_part_1")
    assert dataset.classes == ("background", "lesion")
    assert np.unique(dataset.cases[0].coarse()).tolist() == [1]


def test_another_table_is_refused(tmp_path: Path, saved: Save) -> None:
    saved(tmp_path / "HAM10000_images_part_1" / f"{IDS[0]}.jpg", 100)
    (tmp_path / "HAM10000_metadata.csv").write_text("image,MEL\nISIC_0027419,0\n")
    with pytest.raises(UserError, match=r"HAM10000_metadata.csv lacks the column image_id or dx"):
        open_dataset(tmp_path)
