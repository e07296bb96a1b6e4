from __future__ import annotations

from collections.abc import Callable

import numpy as np

from napari_unlearn.proposals.frame import Frame
from napari_unlearn.proposals.random_walker import propose


def test_the_lesion_is_found_whether_the_coarse_mask_is_a_box_or_the_whole_image(
    accuracy: Callable[..., tuple[float, float]],
) -> None:
    boxed, everywhere = accuracy(propose)
    assert boxed > 0.95
    assert everywhere > 0.8


def test_an_image_of_one_colour_is_no_error(frame: Frame) -> None:
    even = Frame(np.full_like(frame.lab, 50.0), frame.inside)
    found = propose(even)
    assert found.shape == frame.inside.shape
    assert found.dtype == bool
