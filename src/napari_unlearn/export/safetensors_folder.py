"""A folder that can be sent to somebody: the model, with certificate and card where it has them, and checksums."""

from __future__ import annotations

import shutil
from pathlib import Path

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write
from napari_unlearn.jobs.parts import FOLDER as PARTS
from napari_unlearn.jobs.run_folder import CERTIFICATE, MODEL, new_run, verify_run
from napari_unlearn.models.checkpoint import CARD, WEIGHTS, load_segmenter
from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import read_run
from napari_unlearn.report.model_card import NAME, model_card
from napari_unlearn.report.paths import PathRemover


def export_model(source: Path, out: Path) -> Path:
    """Copy a model out of the project.

    Parameters
    ----------
    source : Path
        A run folder, or a model folder.
    out : Path
        New folder. A run becomes ``out/model``, ``out/certificate.json`` and ``out/model_card.md``, which ``verify``
        checks like the run itself; a bare model becomes ``out/model``.

    Returns
    -------
    Path
        The exported model folder, ready for ``predict``.

    Raises
    ------
    UserError
        The source is no model or does not pass its own checks, or `out` is taken.
    """
    is_run = (source / CERTIFICATE).is_file()
    if is_run and (failures := verify_run(source)):
        raise UserError(f"{source} cannot be exported: {' '.join(failures)}")
    model = source / MODEL if is_run else source
    load_segmenter(model)
    with new_run(out) as folder:
        (folder / MODEL).mkdir()
        for name in (WEIGHTS, CARD):
            shutil.copyfile(model / name, folder / MODEL / name)
        if is_run:
            # Log and metrics compare with the old model, which no certificate covers: they stay behind.
            shutil.copyfile(source / CERTIFICATE, folder / CERTIFICATE)
            card = model_card(Content(read_run(source)), PathRemover([source, out]))
            atomic_write(folder / NAME, card.encode())
            if (source / PARTS).is_dir():
                shutil.copytree(source / PARTS, folder / PARTS)
    return out / MODEL
