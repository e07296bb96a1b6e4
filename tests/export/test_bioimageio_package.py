"""BioImage.IO packages."""

from __future__ import annotations

import gc
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bioimageio.spec import load_model_description

from napari_unlearn.errors import UserError
from napari_unlearn.export.bioimageio_package import _identifiers, validate

pytestmark = pytest.mark.filterwarnings("ignore")  # advice of the library to those who publish


def test_the_library_finds_axes_classes_and_papers(exported: Callable[[str, str], Path]) -> None:
    found = load_model_description(exported("head", "bioimageio") / "model.zip")
    (image,), (scores,) = found.inputs, found.outputs
    assert [axis.id for axis in image.axes] == ["batch", "channel", "y", "x"]
    assert (image.axes[2].size.min, image.axes[2].size.step) == (32, 32)
    assert list(scores.axes[1].channel_names) == ["background", "benign", "malignant"]
    assert found.authors == []
    with zipfile.ZipFile(exported("head", "bioimageio") / "model.zip") as package:
        names = set(package.namelist())
    assert names >= {"README.md", "certificate.json", "export.json", "predict.py", "model.onnx", "test_output.npy"}
    assert sorted(path.name for path in exported("head", "bioimageio").iterdir()) == [
        "README.md",
        "SHA256SUMS",
        "certificate.json",
        "export.json",
        "model.zip",
        "predict.py",
    ]


def test_a_package_whose_weights_were_altered_is_not_valid(
    exported: Callable[[str, str], Path], tmp_path: Path
) -> None:
    shutil.copyfile(exported("unet", "bioimageio") / "model.zip", tmp_path / "model.zip")
    validate(tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as package:
        contents = {name: package.read(name) for name in package.namelist()}
    contents["model.onnx"] = contents["model.onnx"][:-1] + b"?"
    with zipfile.ZipFile(tmp_path / "altered.zip", "w") as package:
        for name, data in contents.items():
            package.writestr(name, data)
    with pytest.raises(UserError, match="does not accept the package"):
        validate(tmp_path / "altered.zip")
    gc.collect()  # the library leaves what it refuses open


def test_names_of_classes_become_identifiers_without_being_mixed_up() -> None:
    assert _identifiers(["background", "Basal cell", "basal-cell", "皮膚", "1st"]) == [
        "background",
        "basal_cell",
        "class_2",
        "class_3",
        "class_4",
    ]
