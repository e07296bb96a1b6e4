from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.proposals.outlines import CLASSICAL, NAMES, OutlineRequest, propose


def test_a_proposal_has_the_class_of_its_coarse_mask_and_stays_inside(
    image: np.ndarray, coarse: np.ndarray, lesion: np.ndarray, dice: Callable[..., float]
) -> None:
    found = propose(OutlineRequest("colour-cut", image, coarse))
    assert dice(found, lesion) > 0.95
    assert set(np.unique(found)) == {0, 2}
    assert found.dtype == np.uint8
    assert not ((found > 0) & (coarse == 0)).any()


def test_the_model_in_use_is_asked_and_kept_inside_the_coarse_mask(sample: Dataset, model: Path) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    coarse = case.coarse()
    found = propose(OutlineRequest("model", case.image(), coarse, model))
    assert found.any()
    assert not ((found > 0) & (found != coarse)).any()


def test_what_cannot_be_proposed_is_a_sentence(image: np.ndarray, coarse: np.ndarray) -> None:
    with pytest.raises(UserError, match="is empty"):
        propose(OutlineRequest("colour-cut", image, np.zeros_like(coarse)))
    with pytest.raises(UserError, match="no model to ask"):
        propose(OutlineRequest("model", image, coarse))
    with pytest.raises(UserError, match="stands out"):
        propose(OutlineRequest("colour-cut", np.full_like(image, 90), coarse))
    assert set(NAMES) == {"model", *CLASSICAL}
