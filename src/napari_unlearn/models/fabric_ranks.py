"""Processes that lightning-fabric has launched; see `docs/adr/0006-lightning-fabric.md` for what it is used for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class FabricRanks:
    """Ranks of a launched `lightning_fabric.Fabric`; see `models.ranks.Ranks`.

    Parameters
    ----------
    fabric : lightning_fabric.Fabric
        Launched.
    precision : str
        The one it was made with.
    """

    def __init__(self, fabric: Fabric, precision: str) -> None:
        self._fabric = fabric
        self.number: int = fabric.global_rank
        self.count: int = fabric.world_size
        self.precision = precision

    def add(self, values: Tensor) -> Tensor:
        """See `Ranks.add`."""
        if self.count == 1:
            return values
        # Reduced where the ranks talk to each other: NCCL knows graphics cards only.
        summed = self._fabric.all_reduce(values.detach().to(self._fabric.device, copy=True), reduce_op="sum")
        assert isinstance(summed, torch.Tensor)
        return summed.to(values.device)

    def wait(self) -> None:
        """See `Ranks.wait`."""
        self._fabric.barrier()

    def rounding(self) -> AbstractContextManager[None]:
        """See `Ranks.rounding`."""
        return self._fabric.autocast()
