"""Folders for `from_pretrained`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import segmentation_models_pytorch as smp

from napari_unlearn.data.dataset import Dataset


def test_from_pretrained_finds_everything_in_the_folder(
    exported: Callable[[str, str], Path], sample: Dataset, capsys: object
) -> None:
    folder = exported("unet", "huggingface")
    network = smp.from_pretrained(folder)
    assert isinstance(network, smp.Unet)
    assert network.segmentation_head[0].out_channels == len(sample.classes)


def test_the_processor_says_how_images_are_made_ready(exported: Callable[[str, str], Path], sample: Dataset) -> None:
    told = json.loads((exported("unet", "huggingface") / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert told["size"] == {"longest_edge": 64}
    assert told["size_divisor"] == 32
    assert (told["image_mean"], told["image_std"]) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert told["id2label"] == {str(place): name for place, name in enumerate(sample.classes)}
