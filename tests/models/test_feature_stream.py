"""Maps of many images, one after the other."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.feature_stream import with_levels
from napari_unlearn.models.images_at_once import divided


class Together(FeatureCache):
    """Computes three images at once, as on a graphics card, and notes how many it was asked for and where."""

    at_once = 3  # type: ignore[assignment]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: list[tuple[int, ...]] = []
        self.threads: set[str] = set()

    def encoded(self, grids: torch.Tensor) -> list[list[torch.Tensor]]:
        self.asked.append(tuple(grids.shape[::2]))
        return super().encoded(grids)

    def keep(self, *arguments: Any) -> None:
        self.threads.add(threading.current_thread().name)
        super().keep(*arguments)


@pytest.fixture
def grids() -> list[torch.Tensor]:
    source = torch.Generator().manual_seed(0)
    return [torch.randint(256, (3, side, 32), generator=source, dtype=torch.uint8) for side in (32, 32, 64, 32, 32, 64)]


def read(grid: torch.Tensor) -> tuple[torch.Tensor, int]:
    return grid, int(grid.sum())


def test_it_says_what_looking_up_one_image_after_the_other_says(
    encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path
) -> None:
    cache = FeatureCache(encoder, tmp_path / "one")
    streamed = list(with_levels(FeatureCache(encoder, tmp_path / "many"), read, grids))
    assert [also for also, _ in streamed] == [int(grid.sum()) for grid in grids]
    for grid, (_, levels) in zip(grids, streamed, strict=True):
        assert levels is not None
        assert all(torch.equal(a, b) for a, b in zip(levels, cache.levels(grid), strict=True))


def test_images_of_one_shape_are_computed_together_and_kept_by_another_thread(
    encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path
) -> None:
    cache = Together(encoder, tmp_path)
    first = [levels for _, levels in with_levels(cache, read, grids)]
    assert sorted(cache.asked) == [(1, 64), (1, 64), (2, 32), (2, 32)]
    assert threading.current_thread().name not in cache.threads
    cache.asked.clear()
    again = [levels for _, levels in with_levels(cache, read, grids)]
    assert cache.asked == []
    for a, b in zip(first, again, strict=True):
        assert a is not None
        assert b is not None
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_only_what_is_missing_is_computed(encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path) -> None:
    cache = Together(encoder, tmp_path)
    cache.levels(grids[0])
    cache.asked.clear()
    assert len(list(with_levels(cache, read, grids[:2]))) == 2
    assert cache.asked == [(1, 32)]


def test_images_of_other_processes_are_passed_by(encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path) -> None:
    cache = FeatureCache(encoder, tmp_path)
    streamed = list(with_levels(cache, lambda place: (grids[place] if place % 2 else None, place), range(4)))
    assert [(also, levels is None) for also, levels in streamed] == [(0, True), (1, False), (2, True), (3, False)]
    assert len(list(tmp_path.rglob("*.safetensors"))) == 2


def test_an_image_that_cannot_be_read_fails_in_its_place(
    encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path
) -> None:
    def broken(place: int) -> tuple[torch.Tensor, int]:
        if place == 2:
            raise OSError("the file is gone")
        return grids[place], place

    streamed = with_levels(FeatureCache(encoder, tmp_path), broken, range(4))
    assert [next(streamed)[0] for _ in range(2)] == [0, 1]
    with pytest.raises(OSError, match="the file is gone"):
        next(streamed)


def test_a_disk_that_is_full_is_told(
    encoder: Encoder, grids: list[torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    cache = FeatureCache(encoder, tmp_path)
    monkeypatch.setattr(cache, "keep", full)
    with pytest.raises(OSError, match="No space left"):
        list(with_levels(cache, read, grids[:1]))


def test_one_image_at_a_time_in_full_precision_on_a_processor_and_fewer_when_memory_is_short(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(encoder, tmp_path)
    assert cache.at_once == 1
    cache.device = torch.device("cuda")
    assert cache.at_once == 16
    with divided(2):
        assert cache.at_once == 8
    cache.device = torch.device("cpu")

    class Half:
        precision = "bf16-mixed"

    monkeypatch.setattr("napari_unlearn.models.feature_cache.ranks", Half)
    assert cache.at_once == 16
