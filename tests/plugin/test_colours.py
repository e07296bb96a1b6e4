from __future__ import annotations

from napari_unlearn.plugin import colours


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
