"""Weights as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import segmentation_models_pytorch as smp
from safetensors.torch import load_file

from napari_unlearn.export import pixel_head
from napari_unlearn.export.portable import read_facts


def test_plain_segmentation_models_pytorch_takes_a_unet(exported: Callable[[str, str], Path], unet: Path) -> None:
    folder = exported("unet", "safetensors")
    network = smp.Unet(**json.loads((folder / "config.json").read_text(encoding="utf-8")))
    network.load_state_dict(load_file(folder / "model.safetensors"))
    assert (folder / "model.safetensors").read_bytes() == (unet / "model.safetensors").read_bytes()
    assert not (folder / "pixel_head.py").exists()


def test_a_head_brings_its_class_along(exported: Callable[[str, str], Path]) -> None:
    folder = exported("head", "safetensors")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config == read_facts(folder)["model"]["arguments"]
    assert (folder / "pixel_head.py").read_bytes() == Path(pixel_head.__file__).read_bytes()
    assert "napari_unlearn" not in (folder / "pixel_head.py").read_text(encoding="utf-8")
