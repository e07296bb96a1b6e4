"""The weights as they are, and the arguments of the class of segmentation-models-pytorch that takes them."""

from __future__ import annotations

import importlib.resources
import shutil
from pathlib import Path

from napari_unlearn.export.bundle import Bundle
from napari_unlearn.files import atomic_json, atomic_write
from napari_unlearn.models.checkpoint import WEIGHTS

CONFIG = "config.json"


def write(folder: Path, bundle: Bundle) -> None:
    """Write `model.safetensors`, byte for byte the file that a certificate quotes, and `config.json`.

    Parameters
    ----------
    folder : Path
        Destination.
    bundle : Bundle
        The model; for a pixel head, `pixel_head.py` with its class is written too.
    """
    shutil.copyfile(bundle.source / WEIGHTS, folder / WEIGHTS)
    atomic_json(folder / CONFIG, bundle.facts["model"]["arguments"])
    if bundle.facts["model"]["class"] == "PixelHead":
        code = importlib.resources.files("napari_unlearn.export").joinpath("pixel_head.py").read_bytes()
        atomic_write(folder / "pixel_head.py", code)
