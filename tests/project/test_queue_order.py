from __future__ import annotations

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.project.queue_order import in_order, neighbour, onward


def test_training_cases_come_first(dataset: Dataset) -> None:
    assert in_order(dataset) == ("a", "b", "z")


def test_the_ends_are_ends() -> None:
    assert neighbour("abc", None, 1) == "a"
    assert neighbour("abc", "a", 1) == "b"
    assert neighbour("abc", "c", 1) is None
    assert neighbour("abc", "a", -1) is None


def test_a_search_goes_round_once_and_ends_with_the_case_in_hand() -> None:
    assert list(onward("abc", "b", lambda case_id: case_id != "c")) == ["a", "b"]
    assert list(onward("abc", "c", lambda _: True)) == ["a", "b", "c"]
    assert list(onward("abc", None, lambda _: True)) == ["a", "b", "c"]
    assert list(onward("abc", "b", lambda _: False)) == []
    assert list(onward("", None, lambda _: True)) == []
