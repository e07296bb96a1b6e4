"""What leaves the project: models for this and for other software, masks, and tables of numbers."""

from __future__ import annotations

from pathlib import Path

from napari_unlearn.export.formats import OWN, find_format

__all__ = ["export_model"]


def export_model(source: Path, out: Path, form: str = OWN) -> Path:
    """Write a model as a folder to hand on.

    Parameters
    ----------
    source : Path
        A run folder, or a model folder.
    out : Path
        New folder.
    form : str
        One of `napari_unlearn.export.formats.FORMATS`; by default the folder that this package itself opens.

    Returns
    -------
    Path
        The exported model folder, ready for ``predict``; in other formats, `out`.

    Raises
    ------
    UserError
        It cannot be exported; there is nothing at `out` then.
    """
    entry = find_format(form)
    if entry.name == OWN:
        from napari_unlearn.export.safetensors_folder import export_model as export_own

        return export_own(source, out)
    from napari_unlearn.export.portable import export_portable

    export_portable(source, out, entry)
    return out
