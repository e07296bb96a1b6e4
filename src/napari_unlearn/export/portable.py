"""An export for other software: written, loaded again and compared, and only then put where it was asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from napari_unlearn.errors import UserError
from napari_unlearn.export import bioimageio_package, huggingface_folder, onnx_file, safetensors_file, torch_program
from napari_unlearn.export import card as cards
from napari_unlearn.export.bundle import Bundle
from napari_unlearn.export.facts import NAME as FACTS
from napari_unlearn.export.facts import facts_of
from napari_unlearn.export.formats import ExportFormat
from napari_unlearn.export.round_trip import RoundTrip, round_trip
from napari_unlearn.export.usage import NAME as LINES
from napari_unlearn.export.usage import usage_lines
from napari_unlearn.files import atomic_json, atomic_write, sha256_file
from napari_unlearn.jobs.parts import FOLDER as PARTS
from napari_unlearn.jobs.run_folder import CERTIFICATE, MODEL, new_run, read_certificate, verify_run
from napari_unlearn.models.checkpoint import WEIGHTS, load_segmenter

_WRITERS: Mapping[str, ModuleType] = {
    "safetensors": safetensors_file,
    "huggingface": huggingface_folder,
    "onnx": onnx_file,
    "torch": torch_program,
    "bioimageio": bioimageio_package,
}


def verified_model(source: Path) -> tuple[Path, Path | None]:
    """Find the model to export.

    Parameters
    ----------
    source : Path
        A run folder, or a model folder.

    Returns
    -------
    model : Path
        Folder of the model.
    run : Path or None
        Folder of the run, where it is one.

    Raises
    ------
    UserError
        It is a run that does not pass its own checks.
    """
    if not (source / CERTIFICATE).is_file():
        return source, None
    if failures := verify_run(source):
        raise UserError(f"{source} cannot be exported: {' '.join(failures)}")
    return source / MODEL, source


def export_portable(source: Path, out: Path, form: ExportFormat) -> RoundTrip:
    """Write a model for other software.

    Parameters
    ----------
    source : Path
        A run folder, or a model folder.
    out : Path
        New folder. Beside the model it holds `README.md` (card), `predict.py` (the lines that use it), `export.json`
        (facts and the largest differences), `SHA256SUMS`, and the certificate of a run.
    form : ExportFormat
        The format.

    Returns
    -------
    RoundTrip
        How far the exported model is from the one it was exported from.

    Raises
    ------
    UserError
        The source is no model or does not pass its own checks, `out` is taken, something is not installed, or what was
        written predicts something else; there is nothing at `out` then.
    """
    form.require()
    model, run = verified_model(source)
    segmenter = load_segmenter(model)
    certificate = None if run is None else read_certificate(run)
    facts = facts_of(segmenter, form.name, sha256_file(model / WEIGHTS), certificate)
    bundle, writer = Bundle(segmenter, model, facts), _WRITERS[form.name]
    lines = usage_lines(form.name, facts["model"]["class"])
    with new_run(out) as folder:
        _write(writer, folder, bundle)
        atomic_json(folder / FACTS, facts)
        atomic_write(folder / LINES, lines.encode())
        measured = round_trip(folder, segmenter)
        facts["round_trip"] = measured.to_json()
        atomic_json(folder / FACTS, facts)
        atomic_write(folder / cards.NAME, cards.read_me(cards.run_card(run, out), facts, lines).encode())
        papers = [cards.NAME, FACTS, LINES]
        if run is not None:
            shutil.copyfile(run / CERTIFICATE, folder / CERTIFICATE)
            papers.append(CERTIFICATE)
            if (run / PARTS).is_dir():
                shutil.copytree(run / PARTS, folder / PARTS)
                papers += sorted(path.relative_to(folder).as_posix() for path in (folder / PARTS).iterdir())
        if writer is bioimageio_package:
            bioimageio_package.seal(folder, bundle, papers)
    return measured


def read_facts(folder: Path) -> dict[str, Any]:
    """Read what an export says of itself.

    Parameters
    ----------
    folder : Path
        Written by `export_portable`.

    Returns
    -------
    dict
    """
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts


def _write(writer: ModuleType, folder: Path, bundle: Bundle) -> None:
    try:
        writer.write(folder, bundle)
    except UserError:
        raise
    except (RuntimeError, ValueError, TypeError, NotImplementedError, AssertionError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise UserError(
            f"The encoder {bundle.facts['model']['arguments']['encoder_name']} cannot be written in the format "
            f"{bundle.facts['format']} ({reason.rstrip('.')}); choose another format."
        ) from error
