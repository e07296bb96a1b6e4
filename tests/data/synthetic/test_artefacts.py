from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.artefacts import DARK_CORNER, GEL_BORDER, GEL_BUBBLE, INK, PATCH, RULER
from napari_unlearn.data.synthetic.artefacts import MIXTURE, RENDERERS, ShortcutSpec, render_shortcut
from napari_unlearn.data.synthetic.scene import Scene

FLAGS = {"ruler": RULER, "ink": INK, "gel": GEL_BUBBLE | GEL_BORDER, "patch": PATCH, "dark_corner": DARK_CORNER}


def test_the_mixture_is_a_distribution_over_what_can_be_rendered() -> None:
    assert sum(MIXTURE.values()) == pytest.approx(1)
    assert {kind for kinds in MIXTURE for kind in kinds} == set(RENDERERS)


def test_shortcuts_are_mostly_rulers_and_ink(rng: np.random.Generator) -> None:
    drawn = [ShortcutSpec.draw(child).kinds for child in rng.spawn(500)]
    assert set(drawn) == set(MIXTURE)
    assert np.mean([bool({"ruler", "ink"} & set(kinds)) for kinds in drawn]) > 0.6


@pytest.mark.parametrize("kinds", list(MIXTURE), ids="+".join)
def test_a_shortcut_shows_all_its_kinds_and_nothing_else(scene: Scene, kinds: tuple[str, ...]) -> None:
    marks = render_shortcut(ShortcutSpec(kinds, 3), scene)
    assert sum(mark.flag for mark in marks) == sum(FLAGS[kind] for kind in kinds)
    assert all(mark.pixels.any() and not (mark.pixels & scene.fine).any() for mark in marks)
