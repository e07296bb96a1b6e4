"""Masks as run lengths."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as rle
from pycocotools.coco import COCO

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.export.coco import NAME, CocoFile

MASK = np.zeros((5, 7), np.uint8)
MASK[1:4, 2:5] = 2
MASK[4, 6] = 1


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in its decoder
def test_the_library_of_coco_reads_the_masks_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = CocoFile(tmp_path, ("background", "benign", "malignant"))
    for name, mask in (("one", MASK), ("none", np.zeros((3, 4), np.uint8))):
        writer.add(Case(name, tmp_path / "images" / f"{name}.jpg"), mask)
    writer.finish()
    capsys.readouterr()
    coco = COCO(str(tmp_path / NAME))
    assert [category["name"] for category in coco.loadCats([1, 2])] == ["benign", "malignant"]
    assert [(i["file_name"], i["height"], i["width"]) for i in coco.loadImgs([1, 2])] == [
        ("one.jpg", 5, 7),
        ("none.jpg", 3, 4),
    ]
    found = coco.loadAnns(coco.getAnnIds())
    assert [(a["image_id"], a["category_id"], a["area"], a["bbox"]) for a in found] == [
        (1, 1, 1, [6, 4, 1, 1]),
        (1, 2, 9, [2, 1, 3, 3]),
    ]
    for annotation in found:
        np.testing.assert_array_equal(rle.decode(annotation["segmentation"]), annotation["category_id"] == MASK)


def test_only_names_of_files_are_kept(tmp_path: Path) -> None:
    writer = CocoFile(tmp_path, ("background", "malignant"))
    writer.add(Case("one", Path("/home/ann/study/one.jpg"), metadata={"patient": "Ann Example"}), MASK)
    writer.finish()
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert "one.jpg" in text
    assert "ann" not in text.lower().replace("annotations", "")


def test_until_all_masks_are_there_the_old_file_stays(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("old")
    writer = CocoFile(tmp_path, ("background", "malignant"))
    writer.add(Case("one", tmp_path / "one.jpg"), MASK)
    assert (tmp_path / NAME).read_text() == "old"
    writer.finish()
    assert len(json.loads((tmp_path / NAME).read_text())["images"]) == 1


def test_without_its_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unlearn.export.formats._installed", lambda name: False)
    with pytest.raises(UserError, match=r"needs pycocotools; .* pip install 'napari-unlearn\[export\]'"):
        CocoFile(tmp_path, ("background", "malignant"))
