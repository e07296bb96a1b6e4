"""Maps of the encoder, kept in memory: what one operator needed is there for the next."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from napari_unlearn.files import sha256_bytes
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache


class HeldFeatures(FeatureCache):
    """A cache that writes nothing.

    Parameters
    ----------
    encoder : Encoder
        The frozen encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self._kept: dict[str, list[Tensor]] = {}
        self._composed: dict[str, list[Tensor]] = {}

    def levels(self, grid: Tensor) -> list[Tensor]:
        """See `FeatureCache.levels`; computed one image at a time as there, so that the same numbers come out."""
        key = _key(grid)
        if key not in self._kept:
            self._kept[key] = super().compute(grid[None])[0][1:]
        return [self._colours(grid), *self._kept[key]]

    def compute(self, grids: Tensor) -> list[list[Tensor]]:
        """See `FeatureCache.compute`; what was computed is kept until `forget_composed`."""
        keys = [_key(grid) for grid in grids]
        if any(key not in self._composed for key in keys):
            self._composed.update(zip(keys, super().compute(grids), strict=True))
        return [self._composed[key] for key in keys]

    def forget_composed(self) -> None:
        """Give the memory of composed images back."""
        self._composed.clear()


def _key(grid: Tensor) -> str:
    return sha256_bytes(f"{tuple(grid.shape)} ".encode() + np.ascontiguousarray(grid.numpy()).tobytes())
