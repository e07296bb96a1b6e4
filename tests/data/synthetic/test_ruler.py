from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.data.artefacts import RULER
from napari_unlearn.data.synthetic.ruler import render_ruler
from napari_unlearn.data.synthetic.scene import Scene


@pytest.mark.parametrize("seed", range(10))
def test_a_ruler_lies_just_beside_the_lesion(scene: Scene, seed: int) -> None:
    (mark,) = render_ruler(np.random.default_rng(seed), scene)
    assert mark.flag == RULER
    assert mark.pixels.sum() > 100
    assert not (mark.pixels & scene.fine).any()
    assert 0.003 < scene.away[mark.pixels].min() < 0.06


def test_a_ruler_is_dark_straight_and_has_ticks(scene: Scene) -> None:
    (mark,) = render_ruler(np.random.default_rng(1), scene)
    rows, columns = np.nonzero(mark.pixels)
    extents = np.sqrt(np.linalg.eigvalsh(np.cov(rows, columns)))
    assert extents[1] > 5 * extents[0]
    # Ticks: without what is thinner than the line, the mark falls into more pieces than it has now.
    line = ndimage.binary_opening(mark.pixels, np.ones((1, 9))) | ndimage.binary_opening(mark.pixels, np.ones((9, 1)))
    assert ndimage.label(mark.pixels & ~line)[1] >= 8
    assert np.max(mark.colour) < 80
