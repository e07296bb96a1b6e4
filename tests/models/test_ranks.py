"""Several processes that work as one, played by threads of this one that take turns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.models.ranks import Alone, first, from_first, mine, own_rows, ranks, working_as


class Recorded(Alone):
    """A process whose sums are those of a recording: what it adds, and what the others would have added."""

    def __init__(self, number: int, count: int, others: float = 0.0) -> None:
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "others", others)

    def add(self, values: Tensor) -> Tensor:
        return values + self.others  # type: ignore[attr-defined]


def test_a_process_is_alone_unless_it_is_told_otherwise() -> None:
    assert ranks() == Alone()
    assert first()
    with working_as(Recorded(1, 2)):
        assert not first()
    assert ranks() == Alone()


def test_a_process_is_alone_again_after_a_failure() -> None:
    with pytest.raises(KeyError), working_as(Recorded(1, 2)):
        raise KeyError
    assert ranks() == Alone()


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_row_and_every_item_belongs_to_one_process(count: int) -> None:
    rows, items = np.zeros(20, int), np.zeros(20, int)
    sizes = []
    for number in range(count):
        with working_as(Recorded(number, count)):
            own = own_rows(20)
            sizes.append(own.stop - own.start)
            rows[own] += 1
            items[[place for place in range(20) if mine(place)]] += 1
    assert (rows == 1).all()
    assert (items == 1).all()
    assert max(sizes) - min(sizes) <= 1


def test_what_the_first_process_has_counts_and_nothing_else() -> None:
    values = torch.tensor([1.5, -2.0], dtype=torch.float64)
    assert from_first(values) is values
    with working_as(Recorded(0, 2)):
        assert torch.equal(from_first(values), values)
    with working_as(Recorded(1, 2, others=7.0)):
        assert torch.equal(from_first(values), torch.tensor([7.0, 7.0], dtype=torch.float64))
