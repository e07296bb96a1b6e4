from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.data.synthetic.canvas import Floats
from napari_unlearn.data.synthetic.lesion import Cues, LesionSpec, render_lesion
from napari_unlearn.data.synthetic.skin import SkinSpec, render_skin

SIZE = 96


@pytest.fixture
def skin() -> Floats:
    return render_skin(SkinSpec.draw(np.random.default_rng(0)), SIZE)


def draw(seed: int, *, malignant: bool = False) -> LesionSpec:
    return LesionSpec.draw(np.random.default_rng(seed), malignant=malignant)


@pytest.mark.parametrize("malignant", [False, True])
def test_a_lesion_is_one_piece_without_holes_and_leaves_room_around_it(skin: Floats, malignant: bool) -> None:
    for seed in range(15):
        _, fine = render_lesion(draw(seed, malignant=malignant), skin)
        assert fine.dtype == bool
        assert ndimage.label(fine)[1] == 1
        np.testing.assert_array_equal(ndimage.binary_fill_holes(fine), fine)
        assert 0.04 < fine.mean() < 0.3
        border = fine.copy()
        border[5:-5, 5:-5] = False
        assert not border.any()


def test_a_lesion_stands_out_from_the_skin_and_stops_at_its_mask(skin: Floats) -> None:
    for seed in range(15):
        image, fine = render_lesion(draw(seed, malignant=seed % 2 == 1), skin)
        change = np.abs(image - skin).max(axis=2)
        assert np.median(change[fine]) > 30
        assert change[ndimage.distance_transform_edt(~fine) > 0.08 * SIZE].max() < 2


def test_every_cue_changes_the_lesion(skin: Floats) -> None:
    benign = replace(draw(3), cues=Cues(*[0.0] * 7), network=0.4)
    plain, _ = render_lesion(benign, skin)
    for name in vars(benign.cues):
        image, fine = render_lesion(replace(benign, cues=replace(benign.cues, **{name: 1.0})), skin)
        assert np.abs(image - plain)[fine].mean() > 2, name


def test_cues_overlap_but_tell_the_classes_apart() -> None:
    benign, malignant = (
        np.array([astuple(Cues.draw(np.random.default_rng(i), malignant=label)) for i in range(2000, 2400)])
        for label in (False, True)
    )
    higher = (malignant[:, None] > benign[None]).mean(axis=(0, 1))
    assert (higher > 0.8).all()
    assert (higher < 0.9).all()


def test_without_separation_the_classes_are_the_same() -> None:
    one, other = (Cues.draw(np.random.default_rng(1), malignant=label, separation=0) for label in (False, True))
    assert one == other


def test_all_but_the_cues_ignores_the_diagnosis() -> None:
    benign, malignant = draw(5), draw(5, malignant=True)
    assert benign.cues != malignant.cues
    assert replace(benign, cues=malignant.cues) == malignant


def test_an_outline_in_pieces_leaves_no_specks_outside_the_mask(skin: Floats) -> None:
    seen = 0
    for seed in range(40):
        spec = draw(seed, malignant=True)
        spec = replace(spec, cues=replace(spec.cues, border=1.0, asymmetry=1.0))
        image, fine = render_lesion(spec, skin)
        dark = np.abs(image - skin).max(axis=2) > 40
        labels, _ = ndimage.label(dark | fine, np.ones((3, 3)))
        apart = dark & (labels != labels[fine][0])
        seen += int(apart.sum())
    assert seen == 0
