"""A program of `torch.export`: the network with its normalisation, for any image size, without its Python code."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from napari_unlearn.export.bundle import Bundle
from napari_unlearn.export.network import score_network
from napari_unlearn.models.grid import STRIDE

NAME = "model.pt2"
LARGEST = 1024
"""Cells of the grid a side at most."""

# They name files of this machine.
_TRACES = ("stack_trace", "source_fn_stack", "nn_module_stack", "torch_fn", "from_node")


def write(folder: Path, bundle: Bundle) -> None:
    """Write `model.pt2`.

    Parameters
    ----------
    folder : Path
        Destination.
    bundle : Bundle
        The model.
    """
    rows, columns = torch.export.Dim("rows", min=1, max=LARGEST), torch.export.Dim("columns", min=1, max=LARGEST)
    example = torch.zeros(1, 3, 2 * STRIDE, 3 * STRIDE, dtype=torch.uint8)
    with torch.no_grad():
        program = torch.export.export(
            score_network(bundle.segmenter),
            (example,),
            dynamic_shapes=({2: STRIDE * rows, 3: STRIDE * columns},),
            strict=False,
        )
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                for name in _TRACES:
                    node.meta.pop(name, None)
    entries = {"classes": bundle.facts["model"]["classes"], "input": bundle.facts["input"]}
    torch.export.save(program, folder / NAME, extra_files={name: json.dumps(value) for name, value in entries.items()})
