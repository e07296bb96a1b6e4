from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.style import theme

Contrast = Callable[[str, str], float]
# What is left of linear RGB without one kind of cone: Machado, Oliveira and Fernandes 2009 (doi 10.1109/TVCG.2009.113).
SIGHT = {
    "normal": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def seen(colour: str, sight: str) -> np.ndarray:
    """What remains of a colour, in L*a*b*."""
    values = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    left = np.clip(np.array(SIGHT[sight]) @ linear, 0, 1)
    return rgb2lab(np.where(left <= 0.0031308, left * 12.92, 1.055 * left ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(
    "together",
    [
        (colours.COARSE, colours.ARTEFACT, colours.PROPOSAL, *colours.CLASSES),
        (colours.COARSE, colours.PROPOSAL, colours.MARKED, colours.MARKED_OTHER),
        colours.CURVES_DARK,
        colours.CURVES_LIGHT,
    ],
)
def test_what_is_seen_together_is_told_apart_by_everybody(together: tuple[str, ...], sight: str) -> None:
    # A difference of 2.3 is just noticeable between patches side by side.
    closest = min(np.linalg.norm(seen(a, sight) - seen(b, sight)) for a, b in combinations(together, 2))
    assert closest > 18


@pytest.mark.parametrize("canvas", ["#000000", "#ffffff"])
def test_rims_of_points_can_be_seen_on_the_canvas_of_either_theme(canvas: str, contrast: Contrast) -> None:
    assert min(contrast(rim, canvas) for rim in (colours.RIM, colours.RIM_FORGOTTEN)) >= 3


@pytest.mark.parametrize("name", ["dark", "light"])
def test_signs_can_be_seen_on_the_page_of_either_theme(name: str, contrast: Contrast) -> None:
    signs = (*colours.STATUS.values(), colours.BETTER, colours.WORSE)
    assert min(contrast(sign, theme(name).surface) for sign in signs) >= 3


def test_white_letters_can_be_read_on_every_badge(contrast: Contrast) -> None:
    assert min(contrast("#ffffff", colour) for colour in colours.BADGE.values()) >= 4.5


def test_background_is_transparent_and_neighbouring_classes_differ() -> None:
    table = colours.label_colours(range(1, 20))
    assert table[0] == table[None] == "transparent"
    assert all(table[k] != table[k + 1] for k in range(1, 19))


def test_no_class_looks_like_an_artefact_or_the_coarse_outline() -> None:
    assert not {colours.ARTEFACT, colours.COARSE} & set(colours.CLASSES)
    assert colours.one_colour("#123456")[0] == "transparent"


def test_a_pixel_that_leaks_nothing_lets_the_image_through() -> None:
    assert colours.LEAKAGE[0][3] == 0
    alphas = [colour[3] for colour in colours.LEAKAGE]
    assert alphas == sorted(alphas)


def test_the_kind_that_is_marked_stands_out_from_the_others() -> None:
    table = colours.flag_colours(16)
    assert table[0] == "transparent"
    assert table[16] == table[16 | 1] == colours.MARKED
    assert table[1] == table[64] == colours.MARKED_OTHER
