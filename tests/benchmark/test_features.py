"""Maps in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from napari_unlearn.benchmark.features import HeldFeatures
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache


@pytest.fixture
def grids() -> torch.Tensor:
    return torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_its_maps_are_those_of_the_cache_on_disk(encoder: Encoder, grids: torch.Tensor, tmp_path: Path) -> None:
    held, disk = HeldFeatures(encoder), FeatureCache(encoder, tmp_path)
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(held.levels(grids[0]), disk.levels(grids[0]), strict=True))
    for one, other in zip(held.compute(grids), disk.compute(grids), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_nothing_is_computed_twice(encoder: Encoder, grids: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    held, seen = HeldFeatures(encoder), []
    forward = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda images: seen.append(len(images)) or forward(images))
    for _ in range(2):
        held.levels(grids[0])
        held.compute(grids)
    assert seen == [1, 3]
    held.forget_composed()
    held.levels(grids[0])
    held.compute(grids)
    assert seen == [1, 3, 3]
