"""A picture of a lesion whose outline is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_unlearn.data.synthetic.lesion import LesionSpec, render_lesion
from napari_unlearn.data.synthetic.scene import Mark, Scene
from napari_unlearn.data.synthetic.skin import SkinSpec, render_skin
from napari_unlearn.masks import coarsen_box
from napari_unlearn.proposals.frame import Frame, framed, unframed


@pytest.fixture(scope="session")
def lesion() -> np.ndarray:
    """An ellipse of class 2, uint8 of shape (96, 120)."""
    rows, columns = np.ogrid[:96, :120]
    return ((rows - 50) ** 2 / 28**2 + (columns - 60) ** 2 / 36**2 <= 1).astype(np.uint8) * 2


@pytest.fixture(scope="session")
def image(lesion: np.ndarray) -> np.ndarray:
    """It on skin, with noise."""
    clean = np.where(lesion[..., None] > 0, (120, 70, 50), (225, 180, 165))
    return np.clip(clean + np.random.default_rng(0).normal(0, 8, clean.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def coarse(lesion: np.ndarray) -> np.ndarray:
    """A box around it."""
    return coarsen_box(lesion, 6)


@pytest.fixture(scope="session")
def frame(image: np.ndarray, coarse: np.ndarray) -> Frame:
    """What a method looks at."""
    return framed(image, coarse > 0)


@pytest.fixture(scope="session")
def whole(image: np.ndarray) -> Frame:
    """The same where the coarse mask is the whole image."""
    return framed(image, np.ones(image.shape[:2], bool))


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Dice."""
    return float(2 * ((found > 0) & (truth > 0)).sum() / ((found > 0).sum() + (truth > 0).sum()))


@pytest.fixture
def accuracy(frame: Frame, whole: Frame, coarse: np.ndarray, lesion: np.ndarray) -> Callable[..., tuple[float, float]]:
    """Dice of a method inside a box, which itself has less than 0.85, and where the coarse mask is the whole image."""
    assert overlap(coarse, lesion) < 0.85

    def of(propose: Callable[[Frame], np.ndarray]) -> tuple[float, float]:
        boxed = unframed(propose(frame), coarse > 0)
        everywhere = unframed(propose(whole), np.ones(lesion.shape, bool))
        return overlap(boxed, lesion), overlap(everywhere, lesion)

    return of


@pytest.fixture(scope="session")
def dice() -> object:
    """Overlap of two masks."""
    return overlap


@pytest.fixture(scope="session")
def skin() -> np.ndarray:
    """Skin with nothing on it but noise, uint8 of shape (240, 320, 3)."""
    shade = np.linspace(0, 12, 320)[None, :, None] + np.array((212, 170, 152))
    return np.clip(shade + np.random.default_rng(3).normal(0, 2, (240, 320, 3)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def drawn() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Image of 256 pixels and exact mask of an artefact of the synthetic cases, by its renderer and a seed."""

    def of(render: Callable[..., list[Mark]], seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        blank, lesion = render_lesion(
            LesionSpec.draw(rng, malignant=False), render_skin(SkinSpec.draw(np.random.default_rng(1)), 256)
        )
        picture, mask = blank, np.zeros(lesion.shape, bool)
        for mark in render(rng, Scene.around(lesion)):
            picture, mask = mark.over(picture), mask | mark.pixels
        return np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8), mask

    return of
