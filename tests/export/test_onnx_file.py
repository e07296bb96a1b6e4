"""ONNX files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnx

from napari_unlearn.data.dataset import Dataset


def test_the_file_says_itself_what_it_takes_and_gives(exported: Callable[[str, str], Path], sample: Dataset) -> None:
    model = onnx.load(exported("unet", "onnx") / "model.onnx")
    told = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert told["classes"] == list(sample.classes)
    assert told["input"]["mean"] == [0.485, 0.456, 0.406]
    (image,), (scores,) = model.graph.input, model.graph.output
    assert (image.name, scores.name) == ("image", "scores")
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    sides = [side.dim_param or side.dim_value for side in image.type.tensor_type.shape.dim]
    assert sides == ["batch", 3, "height", "width"]


def test_no_line_of_code_is_quoted_in_it(exported: Callable[[str, str], Path]) -> None:
    model = onnx.load(exported("unet", "onnx") / "model.onnx")
    assert not [node.name for node in model.graph.node if node.doc_string or node.metadata_props]
