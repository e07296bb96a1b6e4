"""Devices that are there, and those that are not."""

from __future__ import annotations

import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models import device as module
from napari_unlearn.models.device import DEVICES, find_device, missing, try_device, try_devices


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


@pytest.mark.parametrize(
    ("cuda", "words"), [(None, "built without CUDA"), ("12.4", "working driver")], ids=["build", "driver"]
)
@pytest.mark.usefixtures("bare")
def test_the_reason_tells_a_missing_build_from_a_missing_card(
    monkeypatch: pytest.MonkeyPatch, cuda: str | None, words: str
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", None)
    assert words in missing("cuda")
    assert missing("cpu") == missing("auto") == ""


@pytest.mark.parametrize(("built", "words"), [(False, "Apple computers"), (True, "macOS")])
@pytest.mark.usefixtures("bare")
def test_the_reason_tells_another_computer_from_an_old_system(
    monkeypatch: pytest.MonkeyPatch, built: bool, words: str
) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    assert words in missing("mps")


@pytest.mark.usefixtures("bare")
def test_every_device_is_tried_and_the_processor_works() -> None:
    cpu, cuda, mps = try_devices()
    assert (cpu.device, cpu.reason) == ("cpu", "")
    assert "thread" in cpu.name
    assert cpu.seconds > 0
    assert [cuda.reason, mps.reason] == [missing("cuda"), missing("mps")]


def test_a_device_that_fails_or_calculates_wrongly_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = module._gradient

    def failing(device: torch.device) -> torch.Tensor:
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nmore")

    monkeypatch.setattr(module, "_gradient", failing)
    assert try_device("cpu").reason == (
        "It was found but fails: CUDA error: no kernel image is available for execution on the device."
    )
    factors = iter([1.0, 1.1, 1.1, 1.1])
    monkeypatch.setattr(module, "_gradient", lambda device: next(factors) * gradient(device))
    assert try_device("cpu").reason == "It calculates wrongly: a gradient is off by 10 %."


@pytest.mark.gpu
def test_a_graphics_card_works(monkeypatch: pytest.MonkeyPatch) -> None:
    if not torch.cuda.is_available():
        pytest.skip("There is no CUDA device.")
    report = try_device("cuda")
    assert report.reason == ""
    assert report.free is not None
    assert report.free > 0
