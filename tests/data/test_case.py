from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.case import Case
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError


@pytest.fixture
def case(tmp_path: Path, saved: Callable[..., Path]) -> Case:
    """A case of 6 by 8 pixels with all its masks."""
    return Case(
        id="a",
        image_path=saved(tmp_path / "images" / "a.jpg", 100),
        coarse_path=saved(tmp_path / "coarse" / "a.png", 1),
        fine_path=saved(tmp_path / "fine" / "a.png", 1),
        artefact_path=saved(tmp_path / "artefacts" / "a.png", 16),
        metadata={"age": "60"},
        classes=3,
    )


def test_reads_its_image_and_masks(case: Case) -> None:
    fine, artefacts = case.fine(), case.artefacts()
    assert fine is not None
    assert artefacts is not None
    assert (case.image().shape, case.shape) == ((6, 8, 3), (6, 8))
    assert [np.unique(mask).tolist() for mask in (case.coarse(), fine, artefacts)] == [[1], [1], [16]]
    assert case.is_refined


def test_what_is_not_there_is_none_but_a_coarse_mask_is_needed(case: Case) -> None:
    bare = replace(case, coarse_path=None, fine_path=None, artefact_path=None)
    assert (bare.fine(), bare.artefacts(), bare.is_refined) == (None, None, False)
    with pytest.raises(UserError, match="Case a has no coarse mask; add one"):
        bare.coarse()


@pytest.mark.parametrize("value", [1, 255])
def test_a_lesion_of_a_published_mask_gets_the_class_of_its_diagnosis(
    case: Case, saved: Callable[..., Path], value: int
) -> None:
    published = replace(case, class_values={1: 2})
    assert published.coarse_path is not None
    saved(published.coarse_path, value)
    assert np.unique(published.coarse()).tolist() == [2]


def test_a_fine_mask_holds_class_ids_even_beside_a_published_one(case: Case) -> None:
    published = replace(case, class_values={1: 2})
    assert published.fine_path is not None
    for value, expected in ((1, 1), (2, 2), (255, 2)):
        write_mask(published.fine_path, np.full((6, 8), value, np.uint8))
        fine = published.fine()
        assert fine is not None
        assert np.unique(fine).tolist() == [expected]


@pytest.mark.parametrize("part", ["coarse", "fine", "artefacts"])
def test_a_mask_of_another_size_is_refused(case: Case, tmp_path: Path, part: str) -> None:
    write_mask(tmp_path / part / "a.png", np.zeros((8, 6), np.uint8))
    message = rf"{part}.a.png is 6 x 8 pixels, but its image a.jpg is 8 x 6; save the mask at the size of the image"
    with pytest.raises(UserError, match=message):
        getattr(case, part)()


def test_masks_fit_the_image_as_it_stands_upright(case: Case, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 6)).save(case.image_path, exif=exif)
    write_mask(tmp_path / "coarse" / "a.png", np.ones((8, 6), np.uint8))
    assert case.image().shape[:2] == case.coarse().shape == (8, 6)
    with pytest.raises(UserError, match=r"fine.a.png is 8 x 6 pixels, but its image a.jpg is 6 x 8"):
        case.fine()


@pytest.mark.parametrize("part", ["coarse", "fine"])
def test_a_class_that_does_not_exist_is_refused(case: Case, tmp_path: Path, part: str) -> None:
    write_mask(tmp_path / part / "a.png", np.full((6, 8), 3, np.uint8))
    with pytest.raises(UserError, match=rf"{part}.a.png holds the class 3, but the classes .* are 0 to 2; correct"):
        getattr(case, part)()


def test_travels_between_processes_and_into_sets(case: Case) -> None:
    assert pickle.loads(pickle.dumps(case)) == case
    assert {case, replace(case)} == {case}
