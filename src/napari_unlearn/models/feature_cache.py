"""Maps of the frozen encoder, computed once a case and kept on disk.

The key is made of content alone (encoder weights, pixels on the grid), so a renamed file or another data set finds its
maps again and a changed pixel never finds stale ones. An entry that is damaged, be it in a single bit, does not fit the
check sum it holds, and is computed anew. `models.cache_limit` says how much room they may take.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from napari_unlearn.files import atomic_write
from napari_unlearn.models.cache_limit import prune, used
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.ranks import FULL, ranks

_PRUNED_EVERY = 1 << 28  # bytes written between two looks at how much there is

_BATCH = 16
_SUM = "sum"
CACHE_VARIABLE = "NAPARI_UNLEARN_CACHE"


def default_cache_folder() -> Path:
    """Folder named by the environment variable NAPARI_UNLEARN_CACHE, else the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("napari-unlearn")) / "features"


class FeatureCache:
    """Looks maps up, or computes and keeps them.

    Parameters
    ----------
    encoder : Encoder
        The frozen encoder.
    folder : Path or None
        Where entries are kept; None for `default_cache_folder`.
    device : torch.device
        Where missing maps are computed.
    """

    def __init__(self, encoder: Encoder, folder: Path | None = None, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")
        self.encoder = encoder.to(self.device)
        self.folder = folder or default_cache_folder()
        self._unpruned = _PRUNED_EVERY  # what earlier processes left is looked at with the first map

    @property
    def at_once(self) -> int:
        """How many images are computed together: one on a processor in full precision.

        There the images beside it would change the last bits of what is kept of an image. In bfloat16 they were found
        not to, and graphics cards are idle most of the time with one image.
        """
        alone = self.device.type == "cpu" and ranks().precision == FULL
        return 1 if alone else images_at_once(_BATCH)

    def levels(self, grid: Tensor) -> list[Tensor]:
        """Maps of one image.

        Parameters
        ----------
        grid : Tensor of uint8, shape (3, h, w)
            Image on the working grid.

        Returns
        -------
        list of Tensor of float16, shape (C_l, h / 2**l, w / 2**l)
            On the CPU. The first level is computed from the image each time, it would only repeat it on disk.
        """
        path = self.path(grid)
        deep = self.find(path)
        if deep is None:
            (deep,) = self.encoded(grid[None])
            self.keep(path, deep)
        return [self.colours(grid), *deep]

    def compute(self, grids: Tensor) -> list[list[Tensor]]:
        """Maps of a batch, neither looked up nor kept: for composed images that are used once.

        Parameters
        ----------
        grids : Tensor of uint8, shape (N, 3, h, w)
            Images on the working grid.

        Returns
        -------
        list of list of Tensor of float16
            Per image, per level.
        """
        return [[self.colours(grid), *deep] for grid, deep in zip(grids, self.encoded(grids), strict=True)]

    def encoded(self, grids: Tensor) -> list[list[Tensor]]:
        """What the encoder says, see `compute`: all levels but the first."""
        maps = [level.cpu() for level in self.encoder(grids.to(self.device))[1:]]
        # Rounded and laid out in one step, image by image: less new memory, which costs more than what is done to it.
        return [
            [level[i].to(torch.float16, memory_format=torch.contiguous_format) for level in maps]
            for i in range(len(grids))
        ]

    def colours(self, grid: Tensor) -> Tensor:
        """First level, which is not kept: the normalised colours, float16, of the shape of the image."""
        mean, std = self.encoder.mean.cpu()[0], self.encoder.std.cpu()[0]
        return (grid / 255).sub_(mean).div_(std).half()

    def path(self, grid: Tensor) -> Path:
        """File that holds, or would hold, the maps of an image."""
        # Maps of another precision are other maps.
        rounded = "" if ranks().precision == FULL else f"{ranks().precision} "
        about = f"{self.encoder.weights_hash} {rounded}{tuple(grid.shape)} ".encode()
        digest = hashlib.sha256(about)
        digest.update(np.ascontiguousarray(grid.numpy()).data)
        key = digest.hexdigest()
        return self.folder / key[:2] / f"{key}.safetensors"

    def find(self, path: Path) -> list[Tensor] | None:
        """All levels but the first of an image whose maps were kept; None where there are none, or damaged ones."""
        try:
            stored = load(path.read_bytes())
            deep = [stored[str(level)] for level in range(1, len(self.encoder.channels))]
            if not torch.equal(stored[_SUM], _sum(deep)):
                return None
        except (OSError, SafetensorError, KeyError):
            return None
        used(path)
        return deep

    def keep(self, path: Path, deep: Sequence[Tensor]) -> None:
        """Write what `find` finds.

        Parameters
        ----------
        path : Path
            See `path`.
        deep : sequence of Tensor of float16
            All levels but the first.
        """
        entry = {str(i): level.contiguous() for i, level in enumerate(deep, 1)}
        data = save({**entry, _SUM: _sum(deep)})
        # An entry that a power cut left incomplete is found by its sum, so that nobody need wait for the disk.
        atomic_write(path, data, flush=False)
        self._unpruned += len(data)
        if self._unpruned >= _PRUNED_EVERY:
            self._unpruned = 0
            prune(self.folder)


def _sum(levels: Sequence[Tensor]) -> Tensor:
    found = 0
    for level in levels:
        found = zlib.crc32(f"{level.dtype} {tuple(level.shape)}".encode(), found)
        found = zlib.crc32(level.contiguous().numpy().data, found)
    return torch.tensor(found)
