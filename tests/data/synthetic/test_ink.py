from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.artefacts import INK
from napari_unlearn.data.synthetic.ink import render_ink
from napari_unlearn.data.synthetic.scene import Scene


@pytest.mark.parametrize("seed", range(10))
def test_ink_stains_the_skin_close_to_the_lesion(scene: Scene, seed: int) -> None:
    (mark,) = render_ink(np.random.default_rng(seed), scene)
    assert mark.flag == INK
    assert mark.stains
    assert mark.pixels.sum() > 80
    assert not (mark.pixels & scene.fine).any()
    assert np.median(scene.away[mark.pixels]) < 0.12


def test_pens_have_several_colours_and_marks_several_shapes(scene: Scene) -> None:
    marks = [render_ink(np.random.default_rng(seed), scene)[0] for seed in range(12)]
    hues = {int(np.argmax(mark.colour)) for mark in marks}
    turns = [np.ptp(np.arctan2(*(np.argwhere(mark.pixels) - 64).T)) for mark in marks]
    assert hues >= {1, 2}
    assert min(turns) < 2 < 4 < max(turns)
