"""Adding and removing an artefact changes the artefact and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from napari_unlearn.evaluation.counterfactual_shift import add_artefact, remove_artefact

Picture = tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_]]


def picture(seed: int, side: int = 48) -> Picture:
    """Skin with grain, an artefact that runs across the picture, and a lesion in its way."""
    rng = np.random.default_rng(seed)
    image = np.clip(rng.normal([200, 150, 130], 6, size=(side, side, 3)), 0, 255).astype(np.uint8)
    artefact, lesion = np.zeros((2, side, side), bool)
    top, left = rng.integers(0, side // 2, 2)
    artefact[top : top + 6] = True
    lesion[left : left + side // 3, left : left + side // 3] = True
    image[artefact] = 10
    image[lesion] = 60
    return image, artefact, lesion


@given(seed=st.integers(0, 200), side=st.sampled_from([32, 48, 64]))
def test_removing_leaves_the_lesion_and_everything_farther_off(seed: int, side: int) -> None:
    image, artefact, lesion = picture(seed, side)
    removed = remove_artefact(image, artefact, lesion)
    may = binary_dilation(artefact) & ~lesion
    np.testing.assert_array_equal(removed[~may], image[~may])
    assert removed.dtype == np.uint8
    assert removed.shape == image.shape


@pytest.mark.parametrize("seed", range(5))
def test_what_is_painted_over_looks_like_skin(seed: int) -> None:
    image, artefact, lesion = picture(seed)
    removed = remove_artefact(image, artefact, lesion)
    hole = artefact & ~lesion
    assert hole.any()
    assert np.abs(removed[hole].mean(axis=0) - [200, 150, 130]).max() < 8


def test_the_lesion_is_not_taken_for_skin() -> None:
    image = np.full((40, 40, 3), 200, np.uint8)
    lesion, artefact = np.zeros((2, 40, 40), bool)
    lesion[10:30, 10:20] = True
    artefact[10:30, 20:24] = True
    image[lesion], image[artefact] = 20, 0
    assert remove_artefact(image, artefact, lesion)[artefact].min() == 200


def test_the_rim_grows_with_the_image() -> None:
    image = np.full((256, 256, 3), 200, np.uint8)
    artefact = np.zeros((256, 256), bool)
    artefact[100:110] = True
    image[98:112] = 0  # the artefact is drawn one or two pixels too small
    removed = remove_artefact(image, artefact, np.zeros_like(artefact))
    changed = (removed != image).any(axis=(1, 2))
    np.testing.assert_array_equal(np.flatnonzero(changed), np.arange(98, 112))


def test_without_an_artefact_or_without_skin_nothing_changes() -> None:
    image, artefact, lesion = picture(0)
    np.testing.assert_array_equal(remove_artefact(image, np.zeros_like(artefact), lesion), image)
    np.testing.assert_array_equal(remove_artefact(image, np.ones_like(artefact), lesion), image)
    np.testing.assert_array_equal(remove_artefact(image, artefact, np.ones_like(lesion)), image)


@given(seed=st.integers(0, 200))
def test_adding_changes_the_artefact_beside_the_lesion_only(seed: int) -> None:
    image, _, lesion = picture(seed)
    donor, artefact, _ = picture(seed + 1000)
    before = image.copy()
    added = add_artefact(image, lesion, donor, artefact)
    pasted = artefact & ~lesion
    np.testing.assert_array_equal(added[pasted], donor[pasted])
    np.testing.assert_array_equal(added[~pasted], image[~pasted])
    np.testing.assert_array_equal(image, before)
