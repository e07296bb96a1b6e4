"""Which device works: what the user asked for, checked, with the reason when it cannot be had, and a trial of each."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")
TRIALS = 3
TOLERANCE = 1e-2  # relative; graphics cards round products of matrices to 10 bits (TF32)


@dataclass(frozen=True)
class DeviceReport:
    """What a trial of a device has shown.

    Attributes
    ----------
    device : str
        One of `DEVICES`, but ``auto``.
    reason : str
        Why it cannot be used, one sentence; "" where it works.
    name : str
        What the maker calls it; "" where it cannot be used.
    seconds : float
        Fastest of `TRIALS` trials: one step of a small convolutional network, forth and back.
    free : int or None
        Bytes of its memory that are free, None where it shares that of the computer.
    """

    device: str
    reason: str = ""
    name: str = ""
    seconds: float = 0.0
    free: int | None = None


def find_device(wish: str) -> torch.device:
    """Turn a wish into a device.

    Parameters
    ----------
    wish : str
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the first of CUDA and CPU that is there. Apple's MPS is used only when
        asked for, because for small encoders it is often slower than the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    UserError
        The device is unknown or not there.
    """
    if wish not in DEVICES:
        raise UserError(f"There is no device '{wish}'; choose one of {', '.join(DEVICES)}.")
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    reason = missing(wish)
    if reason:
        raise UserError(f"{reason.removesuffix('.')}; choose the device cpu.")
    return torch.device(wish)


def missing(device: str) -> str:
    """Say why a device cannot be used.

    Parameters
    ----------
    device : str
        One of `DEVICES`.

    Returns
    -------
    str
        One sentence, "" where the device is there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        if torch.version.cuda is None and torch.version.hip is None:
            return "The installed torch cannot use graphics cards of NVIDIA: it was built without CUDA."
        return "No graphics card of NVIDIA with a working driver was found on this computer."
    if device == "mps" and not torch.backends.mps.is_available():
        if not torch.backends.mps.is_built():
            return "Only Apple computers have Apple graphics, or the installed torch was built without them."
        return "Apple graphics need an Apple processor and macOS 12.3 or newer."
    return ""


def try_devices() -> tuple[DeviceReport, ...]:
    """Try every device, the processor first.

    Returns
    -------
    tuple of DeviceReport
    """
    return tuple(try_device(name) for name in DEVICES if name != "auto")


def try_device(device: str) -> DeviceReport:
    """Take a step of a small network on a device and hold the gradient against that of the processor.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda`` or ``mps``.

    Returns
    -------
    DeviceReport
        Never an exception: whatever goes wrong is the reason why the device cannot be used.
    """
    reason = missing(device)
    if reason:
        return DeviceReport(device, reason)
    try:
        expected = _gradient(torch.device("cpu"))
        seconds = []
        for _ in range(TRIALS):
            start = time.perf_counter()
            found = _gradient(torch.device(device))
            seconds.append(time.perf_counter() - start)
        error = float((found - expected).norm() / expected.norm())
        if not error <= TOLERANCE:
            return DeviceReport(device, f"It calculates wrongly: a gradient is off by {100 * error:.2g} %.")
        free = torch.cuda.mem_get_info()[0] if device == "cuda" else None
        return DeviceReport(device, "", _name(device), min(seconds), free)
    except Exception as error:  # noqa: BLE001 - a driver may fail in any way, and that is what is to be told
        words = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        return DeviceReport(device, f"It was found but fails: {words}.")


def _gradient(device: torch.device) -> Tensor:
    source = torch.Generator().manual_seed(0)
    images = torch.randn(4, 3, 96, 96, generator=source).to(device)
    weights = torch.randn(16, 3, 5, 5, generator=source).to(device).requires_grad_()
    loss = functional.batch_norm(functional.conv2d(images, weights), None, None, training=True).relu().square().mean()
    (gradient,) = torch.autograd.grad(loss, weights)
    return gradient.cpu()  # waits for the device


def _name(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    if device == "cpu":
        threads = torch.get_num_threads()
        return f"{threads} thread{'' if threads == 1 else 's'}"
    return "Apple graphics"
