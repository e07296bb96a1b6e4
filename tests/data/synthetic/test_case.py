from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_unlearn.data.artefacts import HAIR
from napari_unlearn.data.synthetic.case import CaseSpec, render_case


def draw(seed: int, *, malignant: bool = False, biased: bool = False) -> CaseSpec:
    return CaseSpec.draw(np.random.default_rng([8, seed]), malignant=malignant, biased=biased)


@pytest.mark.parametrize("size", [64, 96, 131, 200])
def test_a_case_has_an_image_a_lesion_and_flags_of_one_size(size: int) -> None:
    image, fine, artefacts = render_case(draw(0, malignant=True, biased=True), size)
    assert image.shape == (size, size, 3)
    assert fine.shape == artefacts.shape == (size, size)
    assert {image.dtype, fine.dtype, artefacts.dtype} == {np.dtype(np.uint8)}
    assert set(np.unique(fine)) == {0, 2}
    assert artefacts.any()


def test_the_same_spec_gives_the_same_pixels() -> None:
    spec = draw(1, biased=True)
    for one, other in zip(render_case(spec, 96), render_case(spec, 96), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_case_looks_alike_at_every_size() -> None:
    spec = draw(2, malignant=True)
    small, large = (render_case(spec, size) for size in (96, 192))
    assert (small[1] > 0).mean() == pytest.approx((large[1] > 0).mean(), rel=0.1)
    shrunk = large[0].reshape(96, 2, 96, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small[0]).mean() < 8


@pytest.mark.parametrize("seed", range(6))
def test_bias_changes_the_pixels_of_the_shortcut_and_no_others(seed: int) -> None:
    spec = draw(seed, malignant=True, biased=True)
    plain, fine, hair = render_case(replace(spec, biased=False), 128)
    image, same_fine, artefacts = render_case(spec, 128)
    shortcut = (artefacts & ~np.uint8(HAIR)) > 0
    np.testing.assert_array_equal(fine, same_fine)
    np.testing.assert_array_equal(hair & HAIR, artefacts & HAIR)
    np.testing.assert_array_equal(image[~shortcut], plain[~shortcut])
    assert not (shortcut & (fine > 0)).any()
    assert np.abs(image[shortcut].astype(int) - plain[shortcut]).max(axis=1).mean() > 10


def test_a_draw_differs_between_biased_and_not_in_that_only() -> None:
    assert replace(draw(3), biased=True) == draw(3, biased=True)


def test_the_diagnosis_is_in_the_cues_and_nowhere_else() -> None:
    benign, malignant = draw(4), draw(4, malignant=True)
    assert replace(benign, malignant=True, lesion=malignant.lesion) == malignant


@pytest.mark.parametrize("size", [63, 1025])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} px is out of range"):
        render_case(draw(0), size)
