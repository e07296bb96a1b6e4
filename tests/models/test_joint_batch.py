"""A batch of which every process holds a part; that two processes find what one finds, see `jobs/test_launch.py`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from napari_unlearn.errors import UserError
from napari_unlearn.models.joint_batch import joint_batch, joint_gradient, joint_sum, own_part
from napari_unlearn.models.ranks import Alone, working_as


class Twins(Alone):
    """Two processes with the same part of a batch, so that every sum is twice what one of them has."""

    def __init__(self, number: int = 0) -> None:
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "count", 2)

    def add(self, values: Tensor) -> Tensor:
        return values * 2


@pytest.mark.parametrize("momentum", [0.1, None])
def test_normalisation_looks_at_the_parts_of_all_processes(momentum: float | None) -> None:
    part = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    plain, shared = (nn.BatchNorm2d(3, momentum=momentum) for _ in range(2))
    nn.init.normal_(plain.weight)
    shared.load_state_dict(plain.state_dict())
    expected = plain(torch.cat([part, part]))[:2]
    with working_as(Twins()), joint_batch():
        torch.testing.assert_close(shared(part), expected)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(shared.state_dict()[name], value)


def test_the_gradient_is_that_of_the_whole_batch() -> None:
    part = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    layer = nn.BatchNorm2d(3)

    def loss(batch: Tensor) -> Tensor:
        return joint_sum((layer(batch).sin() * 0.1).sum()) ** 2

    (expected,) = torch.autograd.grad(loss(torch.cat([part, part])), layer.weight)
    with working_as(Twins()):
        with joint_batch():
            (own,) = torch.autograd.grad(loss(part), layer.weight)
        torch.testing.assert_close(joint_gradient(own), expected)


def test_running_statistics_are_used_when_predicting() -> None:
    part, layer = torch.randn(1, 3, 2, 2), nn.BatchNorm2d(3).eval()
    nn.init.normal_(layer.running_mean)
    expected = layer(part)
    with working_as(Twins()), joint_batch():
        torch.testing.assert_close(layer(part), expected, rtol=0, atol=0)


def test_outside_of_a_joint_batch_nothing_is_added_up() -> None:
    with working_as(Twins()):
        assert float(joint_sum(torch.tensor(3.0))) == 3.0
    with joint_batch():
        assert float(joint_sum(torch.tensor(3.0))) == 3.0


def test_a_batch_is_cut_into_parts_and_more_processes_than_images_are_refused() -> None:
    images = torch.arange(5)
    with working_as(Twins(0)):
        assert own_part(images)[0].tolist() == [0, 1]
    with working_as(Twins(1)):
        assert own_part(images)[0].tolist() == [2, 3, 4]
        with pytest.raises(UserError, match="A batch of 1 images cannot be shared out among 2 processes"):
            own_part(images[:1])
