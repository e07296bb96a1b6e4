"""A BioImage.IO package: ONNX weights, tensors to test them with and a description that its own library validates."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from napari_unlearn.errors import UserError
from napari_unlearn.export import onnx_file
from napari_unlearn.export.bundle import Bundle
from napari_unlearn.export.round_trip import drawn_images
from napari_unlearn.files import atomic_write
from napari_unlearn.models.grid import image_to_grid

NAME = "model.zip"
_COVER = "cover.png"
_WORK = "package"


def write(folder: Path, bundle: Bundle) -> None:
    """Write `model.zip`, and keep what it is made of in a folder beside it until `seal`.

    Parameters
    ----------
    folder : Path
        Destination.
    bundle : Bundle
        The model.
    """
    work = folder / _WORK
    work.mkdir()
    onnx_file.write(work, bundle)
    _write_tensors(work, bundle)
    _pack(folder, bundle, ())


def seal(folder: Path, bundle: Bundle, papers: Sequence[str]) -> None:
    """Write `model.zip` again, with the same weights and all papers, and let the library check it.

    Parameters
    ----------
    folder : Path
        Where `write` wrote.
    bundle : Bundle
        The same model.
    papers : sequence of str
        Files of `folder` that go into the package: ``README.md`` as its documentation, others as attachments.

    Raises
    ------
    UserError
        The library does not accept the package.
    """
    for name in papers:
        shutil.copyfile(folder / name, folder / _WORK / name)
    (folder / NAME).unlink()
    _pack(folder, bundle, papers)
    shutil.rmtree(folder / _WORK)
    validate(folder / NAME)


def validate(package: Path) -> None:
    """Let the library check the description and every file that it names.

    Parameters
    ----------
    package : Path
        The package.

    Raises
    ------
    UserError
        It fails, with what the library says.
    """
    with _quiet():
        from bioimageio.spec import load_description_and_validate_format_only

        summary = load_description_and_validate_format_only(package)
    # The library passes what it would not publish, such as a model without authors, as valid format.
    if summary.status not in ("passed", "valid-format"):
        reasons = "; ".join(error.msg for detail in summary.details for error in detail.errors)
        raise UserError(f"The BioImage.IO library does not accept the package: {reasons}. Choose another format.")


def _pack(folder: Path, bundle: Bundle, papers: Sequence[str]) -> None:
    with _quiet():
        from bioimageio.spec import ValidationContext, save_bioimageio_package

        with ValidationContext(root=folder / _WORK):
            save_bioimageio_package(_description(bundle, papers), output_path=folder / NAME)


def _write_tensors(work: Path, bundle: Bundle) -> None:
    from PIL import Image

    image = drawn_images(bundle.segmenter.card.size)[0]
    pixels = image_to_grid(image, bundle.segmenter.card.size)[None].numpy()
    scores = bundle.segmenter.composed_logits(image)[None].numpy()
    for name, values in (("test_input.npy", pixels), ("test_output.npy", scores)):
        stream = io.BytesIO()
        np.save(stream, values, allow_pickle=False)
        atomic_write(work / name, stream.getvalue())
    Image.fromarray(image).save(work / _COVER)


def _description(bundle: Bundle, papers: Sequence[str]) -> Any:
    from bioimageio.spec.model import v0_5 as spec

    model, size = bundle.facts["model"], bundle.segmenter.card.size
    encoder = re.sub(r"[^A-Za-z0-9_+\- ()]", "-", str(model["arguments"]["encoder_name"]))
    step = bundle.facts["input"]["multiple_of"]

    def axes_in(name: str) -> Any:
        return spec.SpaceInputAxis(id=spec.AxisId(name), size=spec.ParameterizedSize(min=step, step=step))

    def axes_out(name: str) -> Any:
        like = spec.SizeReference(tensor_id=spec.TensorId("image"), axis_id=spec.AxisId(name))
        return spec.SpaceOutputAxis(id=spec.AxisId(name), size=like)

    return spec.ModelDescr(
        name=f"Dermoscopy segmentation ({encoder})",
        description=f"Segments dermoscopy images, long side {size} pixels. For research; not a medical device.",
        authors=[],
        tags=["semantic-segmentation", "dermoscopy", "2d", "rgb"],
        covers=[_file(spec, _COVER)],
        documentation=_file(spec, "README.md") if "README.md" in papers else None,
        attachments=[_file(spec, name) for name in papers if name != "README.md"],
        inputs=[
            spec.InputTensorDescr(
                id=spec.TensorId("image"),
                description=f"RGB, row 0 at the top; long side {size} pixels. It is normalised inside the network.",
                axes=[
                    spec.BatchAxis(),
                    spec.ChannelAxis(channel_names=[spec.Identifier(c) for c in ("red", "green", "blue")]),
                    axes_in("y"),
                    axes_in("x"),
                ],
                data=spec.IntervalOrRatioDataDescr(type="uint8", range=(0, 255)),
                test_tensor=_file(spec, "test_input.npy"),
            )
        ],
        outputs=[
            spec.OutputTensorDescr(
                id=spec.TensorId("scores"),
                description=f"Class scores before the softmax: {', '.join(model['classes'])}"[:128],
                axes=[
                    spec.BatchAxis(),
                    spec.ChannelAxis(channel_names=[spec.Identifier(n) for n in _identifiers(model["classes"])]),
                    axes_out("y"),
                    axes_out("x"),
                ],
                data=spec.IntervalOrRatioDataDescr(type="float32"),
                test_tensor=_file(spec, "test_output.npy"),
            )
        ],
        weights=spec.WeightsDescr(
            onnx=spec.OnnxWeightsDescr(
                source=spec.RelativeFilePath(PurePath(onnx_file.NAME)), opset_version=onnx_file.OPSET
            )
        ),
    )


def _file(spec: Any, name: str) -> Any:
    return spec.FileDescr(source=spec.RelativeFilePath(PurePath(name)))


def _identifiers(classes: Sequence[str]) -> list[str]:
    """Names that may stand in a program, one a class and none twice; the description has the true ones."""
    found: list[str] = []
    for place, name in enumerate(classes):
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        usable = plain.isidentifier() and plain not in found
        found.append(plain if usable else f"class_{place}")
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's log and its advice to publishers away from people who only export."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from loguru import logger

        logger.disable("bioimageio")
        try:
            yield
        finally:
            logger.enable("bioimageio")
