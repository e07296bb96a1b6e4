from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.masks import coarsen_box
from napari_unlearn.proposals.outlines import CLASSICAL, NAMES, OutlineRequest, propose

rng = np.random.default_rng(0)
ROWS, COLUMNS = np.ogrid[:96, :120]
LESION = ((ROWS - 50) ** 2 / 28**2 + (COLUMNS - 60) ** 2 / 36**2 <= 1).astype(np.uint8) * 2
IMAGE = np.clip(
    np.where(LESION[..., None] > 0, (120, 70, 50), (225, 180, 165)) + rng.normal(0, 8, (96, 120, 3)), 0, 255
).astype(np.uint8)
COARSE = coarsen_box(LESION, 6)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * ((a > 0) & (b > 0)).sum() / ((a > 0).sum() + (b > 0).sum()))


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_lesion_that_stands_out_is_found_with_its_class(name: str) -> None:
    found = propose(OutlineRequest(name, IMAGE, COARSE))
    assert dice(found, LESION) > 0.95
    assert dice(COARSE, LESION) < 0.85
    assert set(np.unique(found)) == {0, 2}
    assert found.dtype == np.uint8
    assert not ((found > 0) & (COARSE == 0)).any()


@pytest.mark.parametrize("name", CLASSICAL)
def test_a_coarse_mask_that_fills_the_image_is_no_obstacle(name: str) -> None:
    whole = np.full_like(LESION, 2)
    found = propose(OutlineRequest(name, IMAGE, whole))
    assert dice(found, LESION) > 0.8


def test_the_model_in_use_is_asked_and_kept_inside_the_coarse_mask(sample: Dataset, model: Path) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    coarse = case.coarse()
    found = propose(OutlineRequest("model", case.image(), coarse, model))
    assert found.any()
    assert not ((found > 0) & (found != coarse)).any()


def test_what_cannot_be_proposed_is_a_sentence() -> None:
    empty = np.zeros_like(COARSE)
    with pytest.raises(UserError, match="is empty"):
        propose(OutlineRequest("colour-cut", IMAGE, empty))
    with pytest.raises(UserError, match="no model to ask"):
        propose(OutlineRequest("model", IMAGE, COARSE))
    with pytest.raises(UserError, match="stands out"):
        propose(OutlineRequest("colour-cut", np.full_like(IMAGE, 90), COARSE))
    assert set(NAMES) == {"model", *CLASSICAL}
