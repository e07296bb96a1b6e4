from __future__ import annotations

import numpy as np

from napari_unlearn.plugin.outline import outline


def test_it_is_the_inner_boundary_of_every_class() -> None:
    mask = np.zeros((8, 12), np.uint8)
    mask[1:7, 1:6] = 1
    mask[1:7, 6:11] = 2
    ring = outline(mask, 1)
    assert (mask[ring > 0] > 0).all()
    assert ring[1:7, 5].all()  # where the classes meet
    assert ring[1:7, 6].all()
    assert not ring[2:6, 2:5].any()


def test_a_mask_that_touches_the_border_is_closed_and_an_empty_one_has_none() -> None:
    assert outline(np.ones((5, 5), np.uint8), 1)[0].all()
    assert not outline(np.zeros((5, 5), np.uint8)).any()
