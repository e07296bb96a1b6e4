from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.masks import coarsen_dilate
from napari_unlearn.masks.morphology import fill_holes, shrink, smooth


def disc(radius: float, size: int = 41) -> np.ndarray:
    rows, columns = np.ogrid[:size, :size]
    return ((rows - size // 2) ** 2 + (columns - size // 2) ** 2 <= radius**2).astype(np.uint8)


def test_shrinking_is_erosion_by_a_disc() -> None:
    mask = disc(12) | np.roll(disc(6), 9, axis=1)
    reference = ndimage.binary_erosion(mask, disc(3, 7), border_value=1)
    assert np.array_equal(shrink(mask, 3) > 0, reference)


def test_shrinking_undoes_growing_of_a_disc() -> None:
    grown = coarsen_dilate(disc(8), 4)
    back = shrink(grown, 4)
    assert back.sum() <= grown.sum()
    assert np.count_nonzero(back != disc(8)) < 0.1 * disc(8).sum()


def test_classes_that_touch_shrink_from_each_other_and_not_from_the_border() -> None:
    assert shrink([[1, 1, 1, 2, 2, 2]], 1).tolist() == [[1, 1, 0, 0, 2, 2]]
    assert shrink([[3, 3], [3, 3]], 5).tolist() == [[3, 3], [3, 3]]


def test_smoothing_takes_spikes_and_keeps_classes_and_area() -> None:
    mask = disc(12) * 2
    spiked = mask.copy()
    spiked[20, :] = 2
    smoothed = smooth(spiked, 2)
    assert smoothed[20, 0] == 0
    assert set(np.unique(smoothed)) == {0, 2}
    assert abs(int(smoothed.astype(bool).sum()) - int(disc(12).sum())) < 0.05 * disc(12).sum()
    assert np.array_equal(smooth(spiked, 0), spiked)


def test_holes_get_the_class_around_them_and_other_classes_stay() -> None:
    mask = disc(12) * 3
    mask[20, 20] = 0
    mask[18, 18] = 1
    filled = fill_holes(mask)
    assert filled[20, 20] == 3
    assert filled[18, 18] == 1
    assert filled[0, 0] == 0


def test_the_mask_that_is_given_stays_as_it_is() -> None:
    mask = disc(5)
    for made in (shrink(mask, 1), smooth(mask, 1), fill_holes(mask)):
        assert made is not mask
        assert made.dtype == mask.dtype
    assert np.array_equal(mask, disc(5))


@pytest.mark.parametrize("radius", [-1, float("nan"), float("inf")])
def test_a_radius_is_a_number_of_pixels(radius: float) -> None:
    with pytest.raises(ValueError, match="number of pixels"):
        shrink(disc(3), radius)
    with pytest.raises(ValueError, match="number of pixels"):
        smooth(disc(3), radius)
