"""Where the shipped sample is: inside the installed package, or in the repository it runs from."""

from __future__ import annotations

from pathlib import Path

import napari_unlearn
from napari_unlearn.errors import UserError


def sample_folder() -> Path:
    """Find the shipped sample: ``dataset/``, ``model/`` and ``encoder.safetensors``; read it, never write to it.

    Returns
    -------
    Path

    Raises
    ------
    UserError
        The installation has none.
    """
    package = Path(napari_unlearn.__file__).parent
    for folder in (package / "_sample_data", package.parents[1] / "sample_data"):
        if (folder / "encoder.safetensors").is_file():
            return folder
    raise UserError(f"The sample data are missing from the installation at {package}; install napari-unlearn again.")
