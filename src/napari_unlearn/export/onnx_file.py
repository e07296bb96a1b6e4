"""ONNX: the network with its normalisation as one file, which says itself what it takes and what it gives."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import torch

from napari_unlearn.export.bundle import Bundle
from napari_unlearn.export.network import score_network
from napari_unlearn.files import atomic_write

NAME = "model.onnx"
OPSET = 17


def write(folder: Path, bundle: Bundle) -> None:
    """Write `model.onnx`.

    Parameters
    ----------
    folder : Path
        Destination.
    bundle : Bundle
        The model.

    Notes
    -----
    The exporter that traces is used, although PyTorch has deprecated it: the one that builds on `torch.export` (torch
    2.15, onnxscript 0.7.2, with its optimiser) gives valid files with the same numbers and no warning for heads and
    U-Nets on the shipped encoder and on the smallest of timm, but takes 6 to 9 s of processor time instead of 0.2 to
    0.4, makes files that are 3 to 43 % larger, and needs two more packages. Where what was traced for one shape does
    not fit another, that is found when the export is compared, on images of three shapes.
    """
    import onnx

    path = folder / NAME
    sides = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and says of each shape that it reads that it might change
        torch.onnx.export(
            score_network(bundle.segmenter),
            (torch.zeros(1, 3, 64, 96, dtype=torch.uint8),),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["scores"],
            dynamic_axes={"image": sides, "scores": sides},
        )
        model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""  # where in which file of this machine it was made
    entries = {"classes": bundle.facts["model"]["classes"], "input": bundle.facts["input"]}
    onnx.helper.set_model_props(model, {name: json.dumps(value) for name, value in entries.items()})
    onnx.checker.check_model(model, full_check=True)
    atomic_write(path, model.SerializeToString())
