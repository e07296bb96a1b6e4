from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.data.artefacts import DARK_CORNER, PATCH
from napari_unlearn.data.synthetic.frame import render_dark_corner, render_patch
from napari_unlearn.data.synthetic.scene import Scene


@pytest.mark.parametrize("seed", range(8))
def test_a_dark_corner_comes_near_the_lesion_and_is_dark(scene: Scene, seed: int) -> None:
    (mark,) = render_dark_corner(np.random.default_rng(seed), scene)
    corners = mark.pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert mark.flag == DARK_CORNER
    assert corners.any()
    assert not (mark.pixels & scene.fine).any()
    assert scene.away[mark.pixels].min() < 0.06
    assert np.max(mark.colour) < 20


@pytest.mark.parametrize("seed", range(8))
def test_a_patch_is_one_coloured_disc_beside_the_lesion(scene: Scene, seed: int) -> None:
    (mark,) = render_patch(np.random.default_rng(seed), scene)
    assert mark.flag == PATCH
    assert ndimage.label(mark.pixels)[1] == 1
    assert mark.pixels.mean() > 0.02
    assert not (mark.pixels & scene.fine).any()
    assert scene.away[mark.pixels].min() < 0.05
