"""The formats in which a model can leave, and what each needs. Knows no torch, so that a window can list them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from napari_unlearn.errors import UserError

OWN = "napari-unlearn"


@dataclass(frozen=True)
class ExportFormat:
    """A format.

    Attributes
    ----------
    name : str
        As the command line takes it.
    title : str
        For people.
    modules : tuple of str
        What has to be installed to write it and to load it again.
    """

    name: str
    title: str
    modules: tuple[str, ...] = ()

    def require(self) -> None:
        """Refuse the format where what it needs is not installed.

        Raises
        ------
        UserError
            Names what is missing.
        """
        missing = [name for name in self.modules if not _installed(name)]
        if missing:
            raise UserError(
                f"The format {self.name} needs {' and '.join(missing)}; "
                "install what export needs with: pip install 'napari-unlearn[export]'."
            )


FORMATS = (
    ExportFormat(OWN, "Folder of napari-unlearn"),
    ExportFormat("safetensors", "safetensors for PyTorch"),
    ExportFormat("huggingface", "Hugging Face folder"),
    ExportFormat("onnx", "ONNX", ("onnx", "onnxruntime")),
    ExportFormat("torch", "torch.export program"),
    ExportFormat("bioimageio", "BioImage.IO package", ("onnx", "onnxruntime", "bioimageio.spec")),
)


def find_format(name: str) -> ExportFormat:
    """Look a format up.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    ExportFormat

    Raises
    ------
    UserError
        There is none of that name.
    """
    for entry in FORMATS:
        if entry.name == name:
            return entry
    names = ", ".join(entry.name for entry in FORMATS)
    raise UserError(f"There is no export format '{name}'; choose one of {names}.")


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package around it is missing
        return False
