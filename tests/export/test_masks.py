"""Ways in which masks are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.decode import read_mask
from napari_unlearn.errors import UserError
from napari_unlearn.export.masks import MASK_FORMATS, mask_writer


def test_png_holds_class_ids(tmp_path: Path) -> None:
    mask = np.array([[0, 1], [2, 0]], np.uint8)
    writer = mask_writer("png", tmp_path, ("background", "benign", "malignant"))
    writer.add(Case("one", tmp_path / "one.jpg"), mask)
    writer.finish()
    np.testing.assert_array_equal(read_mask(tmp_path / "one.png"), mask)


def test_an_unknown_way_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    assert MASK_FORMATS == ("png", "coco", "dicom-seg")
    with pytest.raises(UserError, match="as 'tiff'; choose one of png, coco, dicom-seg"):
        mask_writer("tiff", tmp_path, ())


def test_a_patient_is_kept_only_where_there_is_a_place_for_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave out --keep-patient"):
        mask_writer("coco", tmp_path, (), keep_patient=True)
