"""Programs of torch.export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch

from napari_unlearn.data.dataset import Dataset


def test_it_takes_any_size_and_says_its_classes(exported: Callable[[str, str], Path], sample: Dataset) -> None:
    told = {"classes": "", "input": ""}
    program = torch.export.load(exported("unet", "torch") / "model.pt2", extra_files=told)
    assert json.loads(told["classes"]) == list(sample.classes)
    assert json.loads(told["input"])["long_side"] == 64
    network = program.module(check_guards=False)
    for sides in ((32, 32), (32, 96), (128, 64)):
        with torch.no_grad():
            assert network(torch.zeros(1, 3, *sides, dtype=torch.uint8)).shape == (1, 3, *sides)
    assert not [node for node in program.graph.nodes if node.meta.get("stack_trace")]
