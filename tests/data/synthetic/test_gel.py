from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.data.artefacts import GEL_BORDER, GEL_BUBBLE
from napari_unlearn.data.synthetic.gel import render_gel
from napari_unlearn.data.synthetic.scene import Scene


@pytest.mark.parametrize("seed", range(8))
def test_gel_brings_bubbles_near_the_lesion_and_a_border(scene: Scene, seed: int) -> None:
    border, bubbles = render_gel(np.random.default_rng(seed), scene)
    assert (border.flag, bubbles.flag) == (GEL_BORDER, GEL_BUBBLE)
    for mark in (border, bubbles):
        assert mark.pixels.sum() > 50
        assert not (mark.pixels & scene.fine).any()
    assert scene.away[bubbles.pixels].max() < 0.2


def test_bubbles_are_round_and_shine(scene: Scene) -> None:
    _, bubbles = render_gel(np.random.default_rng(2), scene)
    labels, count = ndimage.label(bubbles.pixels)
    assert count >= 3
    boxes = ndimage.find_objects(labels)
    ratios = [(box[0].stop - box[0].start) / (box[1].stop - box[1].start) for box in boxes]
    assert 0.7 < np.median(ratios) < 1.4
    bright = bubbles.over(np.full((scene.size, scene.size, 3), 150, np.float32)) > 200
    assert len(set(labels[bright[..., 0]]) - {0}) == count
