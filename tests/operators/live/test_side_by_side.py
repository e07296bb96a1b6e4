"""Chunks are worked on side by side, and nobody else notices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch

from napari_unlearn.operators.live.side_by_side import SideBySide


def silent() -> None:
    pass


def test_results_come_in_the_order_of_the_chunks() -> None:
    assert list(SideBySide().map(lambda n: n * n, range(50), silent)) == [n * n for n in range(50)]


def test_as_many_chunks_as_pytorch_has_threads_are_under_way_at_once() -> None:
    threads = torch.get_num_threads()
    together = Barrier(threads)
    ranks = list(SideBySide().map(lambda _: together.wait(timeout=30), range(threads), silent))
    assert sorted(ranks) == list(range(threads))


def test_threads_do_not_divide_their_products_any_further() -> None:
    assert set(SideBySide().map(lambda _: torch.get_num_threads(), range(20), silent)) == {1}


@pytest.mark.parametrize("threads", [1, 3])
def test_other_threads_keep_the_number_they_had(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        side_by_side = SideBySide()
        list(side_by_side.map(lambda n: n, range(4), silent))
        assert torch.get_num_threads() == threads
        with ThreadPoolExecutor(1) as later:
            assert later.submit(torch.get_num_threads).result() == threads
    finally:
        torch.set_num_threads(before)


def test_what_interrupts_leaves_the_chunks_that_wait() -> None:
    begun: list[int] = []

    def stop() -> None:
        if begun:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(SideBySide().map(begun.append, range(10_000), stop))
    assert len(begun) < 10_000


def test_a_failure_in_a_chunk_is_not_lost() -> None:
    with pytest.raises(ZeroDivisionError):
        list(SideBySide().map(lambda n: 1 / n, [1, 0], silent))
