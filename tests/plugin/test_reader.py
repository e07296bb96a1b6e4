from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.plugins import _npe2
from npe2 import PluginManifest
from npe2.manifest.utils import import_python_name

from napari_unlearn.plugin import reader
from napari_unlearn.plugin.widget import UnlearnWidget


def test_only_a_data_set_folder_is_offered_to_be_read(own_sample: Path, tmp_path: Path) -> None:
    assert reader.get_reader(str(own_sample)) is not None
    assert reader.get_reader(str(tmp_path)) is None
    assert reader.get_reader(str(own_sample / "metadata.csv")) is None
    assert reader.get_reader([str(own_sample)]) is None


def test_napari_needs_not_ask_who_reads_a_photograph_a_model_or_a_run(
    dock: UnlearnWidget, own_sample: Path, model: Path, run: Path
) -> None:
    image = next((own_sample / "images").iterdir())
    assert "napari-unlearn" not in _npe2.get_readers(str(image))
    for path in (model / "model.safetensors", run / "certificate.json"):
        assert list(_npe2.get_readers(str(path))) == ["napari-unlearn"]
        assert reader.get_reader(str(path)) is not None
    assert "napari-unlearn" in _npe2.get_readers(str(own_sample))
    assert reader.get_reader(str(own_sample / "nothing.safetensors")) is not None  # the folder counts
    assert reader.get_reader(str(own_sample.parent / "certificate.json")) is None


def test_reading_opens_it_in_the_dock(dock: UnlearnWidget, own_sample: Path, qtbot: Any) -> None:
    read = reader.get_reader(str(own_sample))
    assert read is not None
    assert read(str(own_sample)) == [(None,)]
    bench = dock.controller.bench
    qtbot.waitUntil(lambda: bench.has_project and bench.project.case is not None, timeout=60_000)
    assert bench.project.dataset.root == own_sample


def test_the_manifest_is_valid_and_every_command_exists() -> None:
    manifest = PluginManifest.from_distribution("napari-unlearn")
    for command in manifest.contributions.commands or []:
        assert command.python_name is not None
        assert callable(import_python_name(command.python_name))
