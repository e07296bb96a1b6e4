"""Maps and pixels made of random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.models.convex_head import PixelSet

CHANNELS = (3, 4, 5)


@pytest.fixture(scope="session")
def levels() -> list[Tensor]:
    """Maps of one case at strides 1, 2 and 4, as the cache keeps them. Only to be read."""
    generator = torch.Generator().manual_seed(1)
    shapes = [(channels, 32 >> level, 64 >> level) for level, channels in enumerate(CHANNELS)]
    return [torch.randn(shape, generator=generator).half() for shape in shapes]


@pytest.fixture(scope="session")
def make_pixels() -> Callable[..., PixelSet]:
    """A function that draws labelled pixels with features and uneven weights."""

    def make(n: int = 60, features: int = 4, classes: int = 3, seed: int = 0) -> PixelSet:
        rng = np.random.default_rng(seed)
        x = np.hstack([rng.normal(size=(n, features)), np.ones((n, 1))]).astype(np.float32)
        return PixelSet(x, rng.integers(classes, size=n), rng.uniform(0.1, 2, n))

    return make
