from __future__ import annotations

import threading

import pytest

from napari_unlearn.models.images_at_once import FEWEST, divided, images_at_once


def test_without_want_of_memory_it_is_as_many_as_usual() -> None:
    assert [images_at_once(usual) for usual in (1, 8, 300)] == [1, 8, 300]


@pytest.mark.parametrize(("divisor", "allowed"), [(1, 8), (2, 4), (4, 2), (8, FEWEST)])
def test_a_share_is_never_below_what_normalisation_needs(divisor: int, allowed: int) -> None:
    with divided(divisor) as share:
        assert share.largest == 0
        assert images_at_once(8) == allowed
        assert images_at_once(1) == 1
    assert share.largest == allowed
    assert images_at_once(8) == 8


def test_one_job_that_must_do_with_less_takes_nothing_from_another() -> None:
    seen: list[int] = []
    with divided(4), divided(2):
        other = threading.Thread(target=lambda: seen.append(images_at_once(8)))
        other.start()
        other.join()
        seen.append(images_at_once(8))
    assert seen == [8, 4]
