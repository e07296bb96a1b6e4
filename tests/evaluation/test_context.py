"""A lesion on its own."""

from __future__ import annotations

import numpy as np

from napari_unlearn.evaluation.context import remove_context


def picture(side: int = 128) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Skin, a lesion, a ruler far off and ink that touches the lesion."""
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal([200, 150, 130], 4, (side, side, 3)), 0, 255).astype(np.uint8)
    lesion, artefact = np.zeros((2, side, side), bool)
    lesion[50:80, 50:80] = True
    artefact[5:12] = artefact[60:64, 76:90] = True
    image[lesion], image[artefact & ~lesion] = 60, 10
    return image, lesion, artefact


def test_the_lesion_stays_and_what_was_around_it_is_skin() -> None:
    image, lesion, artefact = picture()
    alone = remove_context(image, lesion, artefact)
    np.testing.assert_array_equal(alone[lesion], image[lesion])
    far = np.ones_like(lesion)
    far[48:82, 48:82] = False
    assert np.abs(alone[far].astype(float) - [200, 150, 130]).max() < 12
    assert alone.dtype == np.uint8


def test_two_images_that_differ_far_from_the_lesion_become_the_same() -> None:
    image, lesion, _ = picture()
    other = image.copy()
    other[:20] = other[:, 110:] = 255
    np.testing.assert_array_equal(remove_context(image, lesion), remove_context(other, lesion))


def test_without_a_lesion_or_without_skin_nothing_changes() -> None:
    image, lesion, _ = picture()
    for nothing in (np.zeros_like(lesion), np.ones_like(lesion)):
        np.testing.assert_array_equal(remove_context(image, nothing), image)


def test_skin_that_is_all_artefact_is_better_than_none() -> None:
    image, lesion, _ = picture()
    np.testing.assert_array_equal(remove_context(image, lesion, np.ones_like(lesion)), remove_context(image, lesion))
