"""Reading ahead."""

from __future__ import annotations

import threading

import pytest

from napari_unlearn.data.read_ahead import prepared


def test_results_come_in_order_and_not_too_far_ahead() -> None:
    started: list[int] = []

    def prepare(number: int) -> int:
        started.append(number)
        return number * number

    results = prepared(prepare, range(20), ahead=3)
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert max(started) <= 8
    assert list(results) == [n * n for n in range(5, 20)]


def test_it_happens_in_another_thread() -> None:
    assert threading.current_thread().name not in set(prepared(lambda _: threading.current_thread().name, range(3)))


def test_a_failure_comes_where_its_result_would_have_come() -> None:
    results = prepared(lambda n: 1 // (2 - n), range(4))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nobody_waits_for_what_nobody_wants() -> None:
    started: list[int] = []
    results = prepared(started.append, range(10_000), ahead=2)
    next(results)
    results.close()
    assert len(started) <= 4
