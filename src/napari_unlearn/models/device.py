"""Which device works: what the user asked for, checked, with the reason when it cannot be had."""

from __future__ import annotations

import torch

from napari_unlearn.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")


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
    if wish == "cuda" and not torch.cuda.is_available():
        raise UserError("No CUDA graphics card can be used by this installation of torch; choose the device cpu.")
    if wish == "mps" and not torch.backends.mps.is_available():
        raise UserError("Apple's MPS cannot be used on this computer; choose the device cpu.")
    return torch.device(wish)
