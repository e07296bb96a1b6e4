"""Processes that work on one job together, launched from here or by torchrun, and the precision of networks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import ParamSpec

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done

Arguments = ParamSpec("Arguments")

PRECISIONS = ("32-true", "bf16-mixed")


@contextmanager
def launched(devices: int = 1, precision: str = PRECISIONS[0], device: str = "auto") -> Iterator[bool]:
    """Make this process one of several, where several are asked for or torchrun has started them.

    Parameters
    ----------
    devices : int
        Processes on this computer, each with a device of its own. Those beside this one run the same command line.
        Where torchrun or ``fabric run`` has started the processes, their number counts and this must be 1.
    precision : str
        Of networks: ``32-true``, or ``bf16-mixed`` where the device is faster with it.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Yields
    ------
    bool
        Whether this is the first process: the only one that writes and talks.

    Raises
    ------
    UserError
        A number or word is not possible, or the package that launches is missing.
    """
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if precision == PRECISIONS[0]:
        precision = os.environ.get("LT_PRECISION", precision)  # where `fabric run` was told
    if precision not in PRECISIONS:
        raise UserError(f"There is no precision '{precision}'; choose one of {', '.join(PRECISIONS)}.")
    if devices < 1:
        raise UserError(f"At least one device must work, not {devices}.")
    child = "LOCAL_RANK" in os.environ and "TORCHELASTIC_RUN_ID" not in os.environ
    if started > 1 and devices > 1 and not child:
        raise UserError(f"{started} processes were started already; leave --devices out.")
    if max(devices, started) == 1 and precision == PRECISIONS[0]:
        yield True
        return
    if find_spec("lightning_fabric") is None:
        raise UserError(
            "Several processes and other precisions need the package lightning-fabric; install it with: "
            "pip install 'napari-unlearn[scale]'."
        )
    from lightning_fabric import Fabric
    from torch import distributed

    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.fabric_ranks import FabricRanks
    from napari_unlearn.models.ranks import first, working_as

    local = devices if devices > 1 else int(os.environ.get("LOCAL_WORLD_SIZE", started))
    nodes = 1 if devices > 1 else max(1, started // local)
    kind = find_device(device).type
    fabric = Fabric(
        accelerator=kind,
        devices=local,
        num_nodes=nodes,
        precision=precision,  # type: ignore[arg-type] # checked above
        strategy="ddp" if local * nodes > 1 else "auto",
    )
    fabric.launch()
    try:
        with working_as(FabricRanks(fabric, precision)):
            yield first()
            # Nobody leaves while another one may still ask it for a sum.
            fabric.barrier()
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


def by_first(write: Callable[Arguments, Done], /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Done:
    """Let the first of several processes write, alone; the others wait for nothing and have no result to tell.

    Parameters
    ----------
    write : callable
        Called in the first process; sums that it asks for are its own.
    *args, **kwargs
        For `write`.

    Returns
    -------
    Done
    """
    from napari_unlearn.models.ranks import Alone, first, ranks, working_as

    ranks().wait()  # or one that is late would find the folder taken
    if not first():
        return Done(None)
    with working_as(Alone()):
        return write(*args, **kwargs)
