"""Exports of the small models, each made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.export import export_model

FORMS = ("safetensors", "huggingface", "onnx", "torch", "bioimageio")


@pytest.fixture(scope="session")
def exported(run: Path, unet: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """A function that returns the export of ``head`` (a run) or ``unet`` (a bare model). Only to be read."""
    made: dict[tuple[str, str], Path] = {}

    def export(kind: str, form: str) -> Path:
        if (kind, form) not in made:
            folder = tmp_path_factory.mktemp("exports") / f"{kind}-{form}"
            made[kind, form] = export_model(run if kind == "head" else unet, folder, form)
        return made[kind, form]

    return export
