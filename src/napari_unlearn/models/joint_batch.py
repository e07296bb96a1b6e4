"""A batch of which every rank holds a part: sums over all of it, differentiable, and its normalisation.

The scalar loss of the whole batch is calculated in every rank. Its gradient flows back through the sums into the parts
of all others, so that adding up what the ranks find and dividing by their number gives the gradient of one process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from napari_unlearn.errors import UserError
from napari_unlearn.models.ranks import own_rows, ranks

_STATE = threading.local()


@contextmanager
def joint_batch() -> Iterator[None]:
    """Treat what goes through a network as this rank's part of one batch.

    Yields
    ------
    None
    """
    before = _is_joint()
    _STATE.joint = ranks().count > 1
    try:
        with _JointNormalisation() if _STATE.joint else nullcontext():
            yield
    finally:
        _STATE.joint = before


def own_part(*tensors: Tensor) -> list[Tensor]:
    """Cut this rank's part out of a batch that every rank has drawn.

    Parameters
    ----------
    *tensors : Tensor
        Of one length.

    Returns
    -------
    list of Tensor

    Raises
    ------
    UserError
        There are more ranks than images.
    """
    images, count = len(tensors[0]), ranks().count
    if count > images:
        raise UserError(
            f"A batch of {images} images cannot be shared out among {count} processes; use {images} at most."
        )
    rows = own_rows(images)
    return [tensor[rows] for tensor in tensors]


def joint_sum(values: Tensor) -> Tensor:
    """Add up over the parts of a batch; outside of `joint_batch` there is one part, and nothing happens.

    Parameters
    ----------
    values : Tensor
        Of one shape in every rank.

    Returns
    -------
    Tensor
        The same in every rank; differentiable.
    """
    if not _is_joint():
        return values
    summed: Tensor = _Sum.apply(values) if values.is_floating_point() else ranks().add(values)
    return summed


def joint_gradient(gradient: Tensor) -> Tensor:
    """Make the gradient of the whole batch from what this rank's part of the graph has gathered.

    Parameters
    ----------
    gradient : Tensor
        Of a loss that was made of `joint_sum` in every rank.

    Returns
    -------
    Tensor
        The same in every rank.
    """
    return ranks().add(gradient) / ranks().count if ranks().count > 1 else gradient


class _JointNormalisation(TorchFunctionMode):
    """Every layer that normalises over a batch, of whatever library, looks at all parts of it, on any device."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is functional.batch_norm:
            return _batch_norm(function, *args, **(kwargs or {}))
        return function(*args, **(kwargs or {}))


def _batch_norm(
    plain: Callable[..., Tensor],
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    if not training:
        return plain(input, running_mean, running_var, weight, bias, training, momentum, eps)
    axes = [axis for axis in range(input.ndim) if axis != 1]
    shape = [-1 if axis == 1 else 1 for axis in range(input.ndim)]
    exact = input.float()
    count = ranks().add(torch.tensor(float(input.numel() // input.shape[1]), device=input.device))
    mean = joint_sum(exact.sum(axes)) / count
    away = exact - mean.view(shape)
    variance = joint_sum(away.square().sum(axes)) / count
    with torch.no_grad():
        if running_mean is not None:
            running_mean.lerp_(mean.detach(), momentum)
        if running_var is not None:
            running_var.lerp_(variance.detach() * (count / (count - 1)), momentum)
    scale = torch.rsqrt(variance + eps)
    scaled = away * (scale if weight is None else scale * weight).view(shape)
    return (scaled if bias is None else scaled + bias.view(shape)).to(input.dtype)


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return ranks().add(values.contiguous())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return ranks().add(gradients[0].contiguous())


def _is_joint() -> bool:
    return getattr(_STATE, "joint", False)
