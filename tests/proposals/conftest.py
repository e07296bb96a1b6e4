"""A picture of a lesion whose outline is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

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
