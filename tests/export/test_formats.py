"""The list of formats."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.export import export_model
from napari_unlearn.export.formats import FORMATS, find_format

USED_ONLY_WHEN_ASKED_FOR = ("torch", "onnx", "onnxruntime", "bioimageio", "highdicom", "pycocotools", "loguru")


def test_formats_are_found_by_name() -> None:
    assert [find_format(entry.name) for entry in FORMATS] == list(FORMATS)
    with pytest.raises(UserError, match="no export format 'pickle'; choose one of napari-unlearn, safe"):
        find_format("pickle")


def test_listing_them_loads_nothing_that_is_heavy() -> None:
    code = (
        "import sys, napari_unlearn.cli.main, napari_unlearn.export.formats; "
        f"sys.stdout.write(' '.join(n for n in {USED_ONLY_WHEN_ASKED_FOR!r} if n in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == ""


def test_the_writers_load_what_one_format_needs_only_when_it_is_asked_for() -> None:
    rare = USED_ONLY_WHEN_ASKED_FOR[1:]
    code = (
        "import sys, napari_unlearn.export.portable, napari_unlearn.export.masks; "
        f"sys.stdout.write(' '.join(n for n in {rare!r} if n in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == ""


def test_what_is_missing_is_named_before_any_work(unet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_unlearn.export.formats._installed", lambda name: name != "onnxruntime")
    with pytest.raises(UserError, match=r"The format onnx needs onnxruntime; .*napari-unlearn\[export\]"):
        export_model(unet, tmp_path / "out", "onnx")
    assert list(tmp_path.iterdir()) == []
