"""Cases in memory."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.benchmark.held import HeldCase, hold
from napari_unlearn.data.synthetic.sample import coarsen

LESION = np.zeros((64, 96), np.uint8)
LESION[20:30, 40:60] = 2


@pytest.fixture
def case() -> HeldCase:
    return hold("a", "train", "malignant", np.full((64, 96, 3), 7, np.uint8), LESION, None)


def test_it_begins_with_a_fine_mask_and_nothing_else(case: HeldCase) -> None:
    assert case.is_refined
    assert case.shape == (64, 96)
    assert (case.coarse_path, case.artefact_path, case.artefacts()) == (None, None, None)
    np.testing.assert_array_equal(case.fine(), LESION)
    assert (case.image() == 7).all()


@pytest.mark.parametrize("how", ["box", "dilation"])
def test_its_coarse_mask_is_made_from_the_lesion_that_it_hides(case: HeldCase, how: str) -> None:
    hidden = case.masked(how, refined=False)
    assert hidden.coarse_path is not None
    assert not hidden.is_refined
    assert hidden.fine() is None
    np.testing.assert_array_equal(hidden.coarse(), coarsen(LESION, how))
    assert hidden.pixels is case.pixels


def test_without_a_coarse_mask_it_says_so(case: HeldCase) -> None:
    assert case.masked("", refined=True).coarse_path is None
