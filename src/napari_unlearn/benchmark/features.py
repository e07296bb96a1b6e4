"""Maps of the encoder, kept in memory: what one operator needed is there for the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

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
        self._kept: dict[Path, list[Tensor]] = {}
        self._composed: dict[Path, list[Tensor]] = {}

    def find(self, path: Path) -> list[Tensor] | None:
        """See `FeatureCache.find`; in memory."""
        return self._kept.get(path)

    def keep(self, path: Path, deep: Sequence[Tensor]) -> None:
        """See `FeatureCache.keep`; in memory."""
        self._kept[path] = list(deep)

    def compute(self, grids: Tensor) -> list[list[Tensor]]:
        """See `FeatureCache.compute`; what was computed is kept until `forget_composed`."""
        keys = [self.path(grid) for grid in grids]
        if any(key not in self._composed for key in keys):
            self._composed.update(zip(keys, super().compute(grids), strict=True))
        return [self._composed[key] for key in keys]

    def forget_composed(self) -> None:
        """Give the memory of composed images back."""
        self._composed.clear()
