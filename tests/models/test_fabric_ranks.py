"""Processes that lightning-fabric has launched; two real ones work together in `jobs/test_launch.py`."""

from __future__ import annotations

from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from napari_unlearn.models.fabric_ranks import FabricRanks


class Pair:
    """What a fabric of two processes looks like from the second, when the first has ones."""

    global_rank, world_size = 1, 2
    device = torch.device("cpu")

    def all_reduce(self, data: Tensor, reduce_op: str) -> Tensor:
        assert reduce_op == "sum"
        return data.add_(1)

    def barrier(self) -> None:
        self.waited = True


def test_one_process_adds_nothing_up_and_calculates_as_asked() -> None:
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    fabric.launch()
    alone = FabricRanks(fabric, "bf16-mixed")
    values = torch.ones(2, 2)
    assert (alone.number, alone.count, alone.precision) == (0, 1, "bf16-mixed")
    assert alone.add(values) is values
    with alone.rounding():
        assert (values @ values).dtype == torch.bfloat16
    assert (values @ values).dtype == torch.float32


def test_a_sum_is_that_of_all_processes_and_leaves_the_part_of_this_one_alone() -> None:
    pair: Any = Pair()
    second = FabricRanks(pair, "32-true")
    own = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert second.add(own).tolist() == [2.0, 3.0]
    assert own.tolist() == [1.0, 2.0]
    second.wait()
    assert pair.waited
