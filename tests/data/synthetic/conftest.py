"""A lesion to put artefacts beside, drawn once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.synthetic.canvas import grid
from napari_unlearn.data.synthetic.scene import Scene

SIZE = 128


@pytest.fixture(scope="session")
def scene() -> Scene:
    """An oval lesion a little to the right of the middle."""
    y, x = grid(SIZE)
    return Scene.around((y / 0.18) ** 2 + ((x - 0.05) / 0.24) ** 2 < 1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
