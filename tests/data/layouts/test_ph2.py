from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data import open_dataset

Save = Callable[..., Path]
TABLE = """|| Name || Histological Diagnosis || Clinical Diagnosis || Asymmetry | Pigment Network | Streaks || Colors ||
|| IMD003   ||               ||         0 ||         0 |               T |       A || 4 ||
|| IMD009   ||               ||         1 ||         0 |               T |       A || 3 ||
|| IMD061   ||      Melanoma ||         2 ||         2 |              AT |       P ||       3  4 ||
Legends:
Clinical Diagnosis: 0 - Common Nevus; 1 - Atypical Nevus; 2 - Melanoma.
"""


@pytest.fixture
def ph2(tmp_path: Path, saved: Save) -> Path:
    root = tmp_path / "PH2Dataset"
    for name in ("IMD003", "IMD009", "IMD061"):
        folder = root / "PH2 Dataset images" / name
        saved(folder / f"{name}_Dermoscopic_Image" / f"{name}.bmp", np.full((6, 8, 3), 90, np.uint8))
        path = folder / f"{name}_lesion" / f"{name}_lesion.bmp"
        path.parent.mkdir()
        Image.fromarray(np.ones((6, 8), bool)).save(path)
        saved(folder / f"{name}_roi" / f"{name}_R1_Label4.bmp", 255)
    (root / "PH2_dataset.txt").write_bytes(TABLE.encode() + b"Se\xe7\xe3o\n")
    return root


def test_opens_as_it_unpacks(ph2: Path) -> None:
    dataset = open_dataset(ph2)
    assert (dataset.name, dataset.classes) == ("PH2", ("background", "benign", "malignant"))
    assert [(case.id, case.diagnosis, np.unique(case.coarse()).tolist()) for case in dataset.cases] == [
        ("IMD003", "benign", [1]),
        ("IMD009", "benign", [1]),
        ("IMD061", "malignant", [2]),
    ]
    assert dataset.cases[0].image().shape == (6, 8, 3)
    assert dict(dataset.case("IMD061").metadata) == {
        "Histological Diagnosis": "Melanoma",
        "Clinical Diagnosis": "2",
        "Asymmetry": "2",
        "Pigment Network": "AT",
        "Streaks": "P",
        "Colors": "3  4",
    }


@pytest.mark.parametrize("start", ["..", "PH2 Dataset images"])
def test_the_folder_above_or_inside_means_the_whole(ph2: Path, start: str) -> None:
    assert open_dataset(ph2 / start).root == ph2.resolve()


def test_without_the_table_there_are_lesions(ph2: Path) -> None:
    (ph2 / "PH2_dataset.txt").unlink()
    assert open_dataset(ph2).classes == ("background", "lesion")
