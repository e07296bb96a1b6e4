from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_unlearn.proposals.frame import Frame, unframed
from napari_unlearn.proposals.random_walker import propose


def test_a_lesion_that_stands_out_is_found(
    frame: Frame, coarse: np.ndarray, lesion: np.ndarray, dice: Callable[..., float]
) -> None:
    assert dice(coarse, lesion) < 0.85
    assert dice(unframed(propose(frame), coarse > 0), lesion) > 0.95


def test_a_coarse_mask_that_fills_the_image_is_no_obstacle(
    whole: Frame, lesion: np.ndarray, dice: Callable[..., float]
) -> None:
    assert dice(unframed(propose(whole), np.ones(lesion.shape, bool)), lesion) > 0.8


def test_an_image_of_one_colour_is_no_error(frame: Frame) -> None:
    even = Frame(np.full_like(frame.lab, 50.0), frame.inside)
    found = propose(even)
    assert found.shape == frame.inside.shape
    assert found.dtype == bool
