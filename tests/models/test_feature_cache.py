"""Maps kept on disk."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save as save_file

from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import CACHE_VARIABLE, FeatureCache, default_cache_folder
from napari_unlearn.models.ranks import Alone, working_as


@dataclass(frozen=True)
class Rounded(Alone):
    """One process whose networks calculate in bfloat16."""

    precision: str = "bf16-mixed"

    def rounding(self) -> AbstractContextManager[None]:
        return torch.autocast("cpu", torch.bfloat16)


@pytest.fixture
def cache(encoder: Encoder, tmp_path: Path) -> FeatureCache:
    return FeatureCache(encoder, tmp_path)


@pytest.fixture
def grid() -> torch.Tensor:
    return torch.randint(256, (3, 32, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(x.dtype == y.dtype and torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_second_look_up_is_identical_and_computes_nothing(
    cache: FeatureCache, grid: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cache.levels(grid)
    monkeypatch.setattr(cache, "encoded", lambda _: pytest.fail("computed again"))
    assert same(cache.levels(grid), first)
    assert [tuple(m.shape) for m in first] == [(c, 32 >> i, 64 >> i) for i, c in enumerate(cache.encoder.channels)]
    assert {m.dtype for m in first} == {torch.float16}


def test_what_is_kept_is_what_the_encoder_says(cache: FeatureCache, grid: torch.Tensor) -> None:
    assert same(cache.levels(grid), cache.compute(grid[None])[0])
    assert same(cache.levels(grid), [m[0].half() for m in cache.encoder(grid[None])])


def test_in_bfloat16_too_what_is_kept_is_what_the_encoder_says_rounded_once_and_laid_out_in_one_piece(
    cache: FeatureCache, grid: torch.Tensor
) -> None:
    grids = torch.stack([grid, grid.flip(2)])
    with working_as(Rounded()):
        said, kept = cache.encoder(grids), cache.compute(grids)
    assert {level.dtype for level in said[1:]} == {torch.bfloat16}
    for i, levels in enumerate(kept):
        assert same(levels, [level[i].float().half() for level in said])
        assert all(level.is_contiguous() for level in levels)


def test_the_image_is_left_as_it_was(cache: FeatureCache, grid: torch.Tensor) -> None:
    colours = grid.float()
    cache.encoder(colours[None])
    cache.colours(colours)
    assert torch.equal(colours, grid.float())


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_entry_is_made_anew(cache: FeatureCache, grid: torch.Tensor, damage: bytes | None) -> None:
    first = cache.levels(grid)
    (entry,) = entries(cache.folder)
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert same(cache.levels(grid), first)
    assert entry.read_bytes() == whole


def test_one_wrong_bit_anywhere_is_found_and_the_entry_made_anew(cache: FeatureCache, grid: torch.Tensor) -> None:
    first = cache.levels(grid)
    (entry,) = entries(cache.folder)
    whole = entry.read_bytes()
    rng = np.random.default_rng(0)
    for place in [*rng.integers(0, len(whole), 20), *rng.integers(0, 500, 20)]:
        wrong = bytearray(whole)
        wrong[place] ^= 1 << int(rng.integers(8))
        entry.write_bytes(wrong)
        assert same(cache.levels(grid), first)
        # Blanks of the header say nothing, so that an entry with another one is as good.
        assert entry.read_bytes() == whole or wrong[place] in b" "


def test_an_entry_that_cannot_be_read_is_made_anew(cache: FeatureCache, grid: torch.Tensor) -> None:
    first = cache.levels(grid)
    (entry,) = entries(cache.folder)
    entry.write_bytes(save_file({"1": torch.zeros(1, dtype=torch.float16)}))
    assert same(cache.levels(grid), first)


def test_every_changed_pixel_has_an_entry_of_its_own(cache: FeatureCache, grid: torch.Tensor) -> None:
    first = cache.levels(grid)
    changed = grid.clone()
    changed[0, 5, 7] ^= 1
    assert cache.path(changed) != cache.path(grid)
    assert not same(cache.levels(changed), first)
    assert len(entries(cache.folder)) == 2


def test_the_same_bytes_in_another_shape_are_another_image(cache: FeatureCache, grid: torch.Tensor) -> None:
    assert cache.path(grid.reshape(3, 64, 32)) != cache.path(grid)


def test_strides_in_memory_make_no_difference(cache: FeatureCache, grid: torch.Tensor) -> None:
    strided = grid.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert not strided.is_contiguous()
    assert cache.path(strided) == cache.path(grid)


def test_another_encoder_does_not_find_these_maps(cache: FeatureCache, encoder: Encoder, grid: torch.Tensor) -> None:
    state = {
        name: value + 1 if value.is_floating_point() else value for name, value in encoder.backbone.state_dict().items()
    }
    assert FeatureCache(Encoder(encoder.card, state), cache.folder).path(grid) != cache.path(grid)


def test_composed_images_leave_nothing_on_disk(cache: FeatureCache, grid: torch.Tensor) -> None:
    maps = cache.compute(torch.stack([grid, grid.flip(2)]))
    assert len(maps) == 2
    assert entries(cache.folder) == []


def test_the_environment_names_the_folder(encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "elsewhere"))
    assert FeatureCache(encoder).folder == tmp_path / "elsewhere"
    monkeypatch.delenv(CACHE_VARIABLE)
    assert default_cache_folder().name == "features"
    assert tmp_path not in default_cache_folder().parents
