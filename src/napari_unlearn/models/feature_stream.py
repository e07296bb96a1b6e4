"""Maps of many images, one after the other: the encoder is at work while others are read, and yet others written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from napari_unlearn.data.read_ahead import AHEAD, prepared
from napari_unlearn.models.feature_cache import FeatureCache

Item = TypeVar("Item")
Read = TypeVar("Read")


@dataclass
class _Image:
    grid: Tensor
    path: Path
    deep: list[Tensor]  # all levels but the first; empty as long as they are missing
    colours: Tensor


def with_levels(
    cache: FeatureCache, read: Callable[[Item], tuple[Tensor | None, Read]], items: Iterable[Item]
) -> Iterator[tuple[Read, list[Tensor] | None]]:
    """Read items in another thread, and look up, or compute and keep, the maps of their images.

    Parameters
    ----------
    cache : FeatureCache
        Where maps are kept.
    read : callable
        From an item to its image on the working grid, uint8, (3, h, w), and whatever else was read of it; None for the
        image where another process does it. Called in order; what it raises is raised where its item would have come.
    items : iterable
        What to read.

    Yields
    ------
    read : object
        What else was read.
    levels : list of Tensor of float16, or None
        See `FeatureCache.levels`.

    Raises
    ------
    OSError
        Maps could not be written.
    """

    def look_up(item: Item) -> tuple[Read, _Image | None]:
        grid, also = read(item)
        if grid is None:
            return also, None
        path = cache.path(grid)
        return also, _Image(grid, path, cache.find(path) or [], cache.colours(grid))

    with ThreadPoolExecutor(1, "keeping") as keeper:
        kept: deque[Future[None]] = deque()
        together: list[tuple[Read, _Image | None]] = []
        at_once = cache.at_once

        def finished() -> Iterator[tuple[Read, list[Tensor] | None]]:
            for new in _encode(cache, [image for _, image in together if image is not None]):
                kept.append(keeper.submit(cache.keep, new.path, new.deep))
            while len(kept) > AHEAD + at_once:
                kept.popleft().result()
            for also, image in together:
                yield also, None if image is None else [image.colours, *image.deep]
            together.clear()

        for entry in prepared(look_up, items, max(AHEAD, at_once)):
            together.append(entry)
            if len(together) >= at_once:
                yield from finished()
        yield from finished()
        for future in kept:
            future.result()


def _encode(cache: FeatureCache, images: Iterable[_Image]) -> list[_Image]:
    """Compute what is missing, all images of one shape at once; returns the images it was computed for."""
    missing = [image for image in images if not image.deep]
    for shape in {image.grid.shape for image in missing}:
        members = [image for image in missing if image.grid.shape == shape]
        maps = cache.encoded(torch.stack([image.grid for image in members]))
        for image, deep in zip(members, maps, strict=True):
            image.deep = deep
    return missing
