"""Noise for several processes: drawn once, in the first, and given to the others.

Were it drawn in every process, each would walk its own way; were a part drawn in each and added up, its spread would
depend on their number. Drawn once, the certificate is that of one process.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from napari_unlearn.models.ranks import first, from_first
from napari_unlearn.privacy.noise import NoiseSource


class SharedNoise:
    """A source that only the first process draws from; see `NoiseSource`.

    Parameters
    ----------
    source : NoiseSource
        Where the first process takes it from; the others never touch theirs.
    """

    def __init__(self, source: NoiseSource) -> None:
        self._source = source

    @property
    def description(self) -> str:
        """See `NoiseSource.description`."""
        return self._source.description

    @property
    def certifies(self) -> bool:
        """See `NoiseSource.certifies`."""
        return self._source.certifies

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> NDArray[np.float64]:
        """See `NoiseSource.gaussian`; the same values in every process."""
        drawn = self._source.gaussian(shape, sigma) if first() else np.zeros(shape)
        return from_first(torch.from_numpy(drawn)).numpy()
