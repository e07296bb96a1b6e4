"""Devices that are there, and those that are not."""

from __future__ import annotations

import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models.device import DEVICES, find_device


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without accelerators."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("bare")
def test_auto_is_the_cpu_where_there_is_nothing_else() -> None:
    assert find_device("auto") == find_device("cpu") == torch.device("cpu")


def test_auto_takes_a_graphics_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert find_device("auto") == find_device("cuda") == torch.device("cuda")
    assert find_device("cpu") == torch.device("cpu")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("wish", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused_with_a_way_out(wish: str) -> None:
    with pytest.raises(UserError, match=r"; choose the device cpu\.$"):
        find_device(wish)


def test_an_unknown_device_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=rf"no device 'tpu'; choose one of {', '.join(DEVICES)}\."):
        find_device("tpu")
