from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.live.rows import CHUNK, Kind, Rows


def test_slots_of_one_kind_share_chunks_and_never_rows(make_pixels: Callable[..., PixelSet]) -> None:
    rows = Rows(3, 5)
    taken = [rows.slot(owner, Kind.REFINED, 1500) for owner in range(4)]
    rows.slot("other", Kind.CERTAIN, 10)
    places = {(id(slot.chunk), row) for slot in taken for row in range(slot.start, slot.start + slot.size)}
    assert len(places) == 4 * 1500
    assert [kind for kind, _ in rows.chunks()] == [Kind.REFINED, Kind.REFINED, Kind.CERTAIN]
    assert rows.slot(0, Kind.REFINED, 1500) is taken[0]


def test_a_slot_that_was_given_back_weighs_nothing_and_is_used_again(make_pixels: Callable[..., PixelSet]) -> None:
    rows = Rows(3, 5)
    slot = rows.slot("a", Kind.REFINED, 40)
    pixels = make_pixels(30)
    rows.fill(slot, pixels)
    assert float(rows.mass()[Kind.REFINED]) == pytest.approx(pixels.weights.sum())
    rows.release("a")
    assert float(rows.mass().sum()) == 0
    assert rows.slot("b", Kind.REFINED, 40) is slot
    assert rows.slot("c", Kind.COMPOSED, 40).chunk is not slot.chunk


def test_fewer_pixels_than_before_leave_no_old_row_behind(make_pixels: Callable[..., PixelSet]) -> None:
    rows = Rows(3, 5)
    slot = rows.slot("a", Kind.REFINED, 40)
    rows.fill(slot, make_pixels(40))
    few = make_pixels(3, seed=2)
    rows.fill(slot, few)
    copy = slot.copy()
    assert torch.equal(copy.x, torch.from_numpy(few.features))
    assert torch.equal(copy.a, torch.from_numpy(few.weights))


def test_a_slot_larger_than_a_chunk_gets_a_chunk_of_its_own() -> None:
    rows = Rows(2, 3)
    slot = rows.slot("a", Kind.REFINED, CHUNK + 1)
    assert slot.size == CHUNK + 1
    assert len(slot.chunk.a) == CHUNK + 1
