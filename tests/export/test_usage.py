"""The lines that use an exported model."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import napari_unlearn
from napari_unlearn.export.formats import FORMATS, OWN
from napari_unlearn.export.usage import install_line, usage_lines

ALL = [(entry.name, network) for entry in FORMATS if entry.name != OWN for network in ("Unet", "PixelHead")]


@pytest.mark.parametrize(("form", "network"), ALL)
def test_they_are_few_and_know_nothing_of_this_package(form: str, network: str) -> None:
    lines = usage_lines(form, network)
    assert "napari_unlearn" not in lines
    tree = ast.parse(lines)
    work = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    kept = [node for node in work if not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.If)]
    texts = [node for node in kept if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    assert len(kept) - len(texts) <= 14
    assert max(map(len, lines.splitlines())) <= 120


@pytest.mark.parametrize(("form", "network"), ALL)
def test_whatever_they_import_is_installed_by_the_line_above_them(form: str, network: str) -> None:
    found = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(usage_lines(form, network)))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    brought = {"json", "sys", "pathlib", "pixel_head"}  # with Python, and beside the lines
    wanted = install_line(form).split()[2:]
    distributions = {
        "PIL": "pillow",
        "bioimageio": "bioimageio.spec",
        "segmentation_models_pytorch": "segmentation-models-pytorch",
    }
    for name in found - brought:
        # segmentation-models-pytorch brings torch, numpy, Pillow and safetensors; scipy brings numpy.
        implied = "segmentation-models-pytorch" in wanted or (name == "numpy" and "scipy" in wanted)
        assert implied or distributions.get(name, name) in wanted, name


def test_the_lines_in_the_manual_are_these() -> None:
    manual = Path(napari_unlearn.__file__).parents[2] / "docs" / "export.md"
    if not manual.is_file():
        pytest.skip("The manual is not part of an installed package.")
    every = "\n".join(usage_lines(form, network) for form, network in ALL).splitlines()
    blocks = re.findall(r"```python\n(.*?)```", manual.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = [line for block in blocks for line in block.splitlines() if line.strip() and not line.startswith("#")]
    assert len(shown) > 14
    assert [line for line in shown if line not in every] == []
