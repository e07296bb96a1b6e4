from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.synthetic.scene import FAINTEST, STRIP, Mark, Scene

GREY = np.array([100, 100, 100], np.float32)


def test_reach_is_how_far_the_lesion_extends(scene: Scene) -> None:
    assert scene.reach(0) == pytest.approx(0.29, abs=0.01)
    assert scene.reach(np.pi) == pytest.approx(0.19, abs=0.01)
    assert scene.reach(np.pi / 2) == pytest.approx(0.18, abs=0.01)


def test_the_roomier_side_is_away_from_the_lesion(scene: Scene) -> None:
    assert scene.roomier(0) == pytest.approx(np.pi)
    assert scene.roomier(np.pi) == pytest.approx(np.pi)


def test_centre_and_distance(scene: Scene) -> None:
    assert scene.centre == pytest.approx((0, 0.05), abs=0.005)
    assert scene.away[scene.fine].max() == 0
    assert scene.away[64, 0] == pytest.approx(0.5 + 0.05 - 0.24, abs=0.02)


def test_a_mark_keeps_clear_of_the_lesion_and_of_what_cannot_be_seen(scene: Scene) -> None:
    alpha = np.full(scene.fine.shape, 0.5)
    alpha[:10] = 0.9 * FAINTEST
    mark = Mark.beside(1, scene, alpha, GREY)
    assert not mark.pixels[scene.fine].any()
    assert not mark.pixels[scene.away < STRIP].any()
    assert not mark.pixels[:10].any()
    assert mark.pixels[10:][scene.away[10:] > 2 * STRIP].all()


def test_over_changes_its_pixels_and_no_others(scene: Scene) -> None:
    image = np.full((scene.size, scene.size, 3), 200, np.float32)
    mark = Mark.beside(1, scene, np.where(scene.away > 0.1, 0.5, 0), GREY)
    changed = mark.over(image)
    np.testing.assert_array_equal((changed != image).any(axis=2), mark.pixels)
    assert changed[0, 0, 0] == 150


def test_a_stain_lets_the_skin_show_through(scene: Scene) -> None:
    image = np.full((scene.size, scene.size, 3), 200, np.float32)
    stain = Mark.beside(2, scene, np.ones(scene.fine.shape), np.array([255, 127.5, 0], np.float32), stains=True)
    np.testing.assert_allclose(stain.over(image)[0, 0], [200, 100, 0])
