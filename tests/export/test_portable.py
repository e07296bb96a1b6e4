"""Exports for other software."""

from __future__ import annotations

import errno
import getpass
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.export import export_model, portable
from napari_unlearn.export.round_trip import RoundTrip
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask

FORMS = ("safetensors", "huggingface", "onnx", "torch", "bioimageio")
BOTH = [(kind, form) for form in FORMS for kind in ("head", "unet")]

# Runs the lines as a stranger does who has never heard of this package; one process, since importing torch takes long.
STRANGER = """
import pathlib, runpy, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "napari_unlearn":
            raise ImportError("a stranger has no " + name)
sys.meta_path.insert(0, Block())
image, masks, *folders = sys.argv[1:]
for folder in map(pathlib.Path, folders):
    sys.path[0] = str(folder)
    sys.modules.pop("pixel_head", None)
    sys.argv = ["predict.py", image, f"{masks}/{folder.name}.png"]
    runpy.run_path(str(folder / "predict.py"), run_name="__main__")
"""


@pytest.mark.parametrize(("kind", "form"), BOTH)
def test_the_largest_difference_after_loading_again_is_recorded_and_that_of_rounding(
    exported: Callable[[str, str], Path], kind: str, form: str
) -> None:
    found = portable.read_facts(exported(kind, form))["round_trip"]
    assert found["images"] == 3
    assert found["pixels"] == 64 * 64 + 70 * 109 + 51 * 19
    assert 0 <= found["largest_probability_difference"] <= 1e-3
    assert found["different_pixels"] <= found["pixels"] / 1000


@pytest.mark.parametrize(("kind", "form"), BOTH)
def test_the_lines_that_were_tried_stand_in_the_card(
    exported: Callable[[str, str], Path], kind: str, form: str
) -> None:
    folder = exported(kind, form)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"```python\n(.*?)```", card, flags=re.DOTALL) == [(folder / "predict.py").read_text("utf-8")]


def test_the_lines_give_the_same_masks_without_this_package(
    exported: Callable[[str, str], Path], sample: Dataset, run: Path, unet: Path, tmp_path: Path
) -> None:
    folders = [exported(kind, form) for kind, form in BOTH]
    before = {folder: sorted(folder.rglob("*")) for folder in folders}
    case = sample.cases[1]
    command = [sys.executable, "-B", "-c", STRANGER, *map(str, (case.image_path, tmp_path, *folders))]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert {folder: sorted(folder.rglob("*")) for folder in folders} == before
    wanted = {
        kind: predict_mask(load_segmenter(model), case.image())
        for kind, model in (("head", run / "model"), ("unet", unet))
    }
    for kind, form in BOTH:
        with Image.open(tmp_path / f"{kind}-{form}.png") as mask:
            np.testing.assert_array_equal(mask, wanted[kind], err_msg=form)


@pytest.mark.parametrize("form", FORMS)
def test_certificate_and_card_travel_inside_and_verify(
    exported: Callable[[str, str], Path], form: str, run: Path
) -> None:
    folder = exported("head", form)
    assert verify_run(folder) == []
    certificate = read_certificate(run)
    assert read_certificate(folder) == certificate
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Not a medical device" in card
    assert certificate.hashes["model_out"] in card
    if form == "bioimageio":
        with zipfile.ZipFile(folder / "model.zip") as package:
            assert package.read("certificate.json") == (run / "certificate.json").read_bytes()
            assert package.read("README.md").decode() == card
            assert json.loads(package.read("export.json"))["round_trip"]["images"] == 3


@pytest.mark.parametrize(("kind", "form"), BOTH)
def test_classes_normalisation_size_and_orientation_are_part_of_it(
    exported: Callable[[str, str], Path], kind: str, form: str, sample: Dataset
) -> None:
    facts = portable.read_facts(exported(kind, form))
    assert facts["format"] == form
    assert facts["model"]["classes"] == list(sample.classes)
    assert facts["model"]["positive"] == "malignant"
    image = facts["input"]
    assert (image["mean"], image["std"]) == ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert image["multiple_of"] == 32
    assert image["long_side"] == (64 if kind == "unet" else load_size(exported(kind, form)))
    assert image["orientation"].startswith("Row 0 is the top, column 0 the left")


def load_size(folder: Path) -> int:
    """What the card says for people."""
    (size,) = re.findall(r"long side (\d+) pixels", (folder / "README.md").read_text(encoding="utf-8"))
    return int(size)


@pytest.mark.parametrize("form", ["safetensors", "huggingface"])
def test_the_weights_are_the_file_that_the_certificate_was_given_for(
    exported: Callable[[str, str], Path], form: str, run: Path
) -> None:
    found = sha256_file(exported("head", form) / "model.safetensors")
    assert found == read_certificate(run).hashes["model_out"]


@pytest.mark.parametrize(("kind", "form"), BOTH)
def test_no_place_and_no_user_is_named_anywhere_inside(
    exported: Callable[[str, str], Path], kind: str, form: str, sample: Dataset, run: Path, unet: Path
) -> None:
    import napari_unlearn

    folder = exported(kind, form)
    package, library = Path(napari_unlearn.__file__).parents[2], Path(np.__file__).parents[1]
    places = [sample.root, run, unet, folder.parent, package, library, Path(sys.prefix), Path.home()]
    secrets = {str(place).encode() for place in places if len(place.parts) > 1}
    user = getpass.getuser()
    # A name of two letters is found in any weights.
    names = {f"/{user}/", f"{user}@", socket.gethostname()}
    secrets |= {name.encode() for name in names if len(name) > 5}
    secrets |= {case.id.encode() for case in sample.cases}
    contents = dict(unpacked(folder))
    assert len(contents) > 4
    for name, data in contents.items():
        assert not [secret for secret in secrets if secret in data], name


def unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and every file in an archive, with its content."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        data = archive.read(name)
                        yield f"{path.name}/{name}", data
                        if zipfile.is_zipfile(io.BytesIO(data)):
                            with zipfile.ZipFile(io.BytesIO(data)) as inner:
                                yield from ((f"{name}/{part}", inner.read(part)) for part in inner.namelist())


def test_an_export_that_predicts_something_else_leaves_nothing(
    unet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = portable.usage_lines("onnx", "Unet").replace("scores = network", "scores = 2 * network")
    monkeypatch.setattr(portable, "usage_lines", lambda *_: lines)
    with pytest.raises(UserError, match=r"differ by up to 0\.\d+ .* more than rounding"):
        export_model(unet, tmp_path / "out", "onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_the_last_moment_leaves_nothing(
    unet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object) -> str:
        raise failure

    monkeypatch.setattr(portable.cards, "read_me", fail)
    with pytest.raises(type(failure)):
        export_model(unet, tmp_path / "out", "safetensors")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_is_there_is_never_replaced(unet: Path, tmp_path: Path) -> None:
    export_model(unet, tmp_path / "out", "safetensors")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(UserError, match="exists already"):
        export_model(unet, tmp_path / "out", "huggingface")
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_network_that_a_format_cannot_hold_is_refused_in_one_sentence(
    unet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("aten::strange has no translation\nand so on")

    monkeypatch.setattr(portable.onnx_file, "write", fail)
    with pytest.raises(UserError, match=r"tu-test_efficientnet .* format onnx \(aten::strange has no translation\)"):
        export_model(unet, tmp_path / "out", "onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_altered_is_not_exported(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "events.jsonl").write_text("")
    with pytest.raises(UserError, match="cannot be exported"):
        export_model(copy, tmp_path / "out", "safetensors")
    assert not (tmp_path / "out").exists()


def test_the_record_of_a_comparison_is_plain_numbers() -> None:
    record = RoundTrip(1, 4, 0.5, 0.25, 2)
    assert json.loads(json.dumps(record.to_json()))["largest_probability_difference"] == 0.25
