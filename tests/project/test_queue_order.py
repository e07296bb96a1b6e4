from __future__ import annotations

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.project.queue_order import in_order, neighbour


def test_training_cases_come_first(dataset: Dataset) -> None:
    assert in_order(dataset) == ("a", "b", "z")


def test_the_ends_are_ends_and_a_search_goes_round() -> None:
    assert neighbour("abc", None, 1) == "a"
    assert neighbour("abc", "c", 1) is None
    assert neighbour("abc", "a", -1) is None
    assert neighbour("abc", "b", 1, lambda case_id: case_id == "a") == "a"
    assert neighbour("abc", "b", -1, lambda case_id: case_id == "c") == "c"
    assert neighbour("abc", "b", 1, lambda case_id: False) is None
