"""What is kept of a request for a run, so that the same can be asked for again, elsewhere and later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.errors import UserError
from napari_unlearn.files import is_folder

if TYPE_CHECKING:
    from napari_unlearn.jobs.unlearn import UnlearnRequest

_ELSEWHERE = ("dataset", "out", "forget_cases", "resume")


def to_keep(request: UnlearnRequest) -> dict[str, Any] | None:
    """Say what is needed to ask for the same again.

    Parameters
    ----------
    request : UnlearnRequest
        Of a run.

    Returns
    -------
    dict or None
        None where whole cases were forgotten: the criterion may name them, and nothing shall remember them.
    """
    if request.forget_cases is not None:
        return None
    record = {**vars(request), "model": str(request.model.absolute()), "settings": dict(request.settings)}
    return {name: value for name, value in record.items() if name not in _ELSEWHERE}


def ask_again(record: Mapping[str, Any], dataset: Path, out: Path) -> UnlearnRequest:
    """Ask for the same again.

    Parameters
    ----------
    record : mapping
        From `to_keep`.
    dataset, out : Path
        The data set as it is now, and the folder of the new run.

    Returns
    -------
    UnlearnRequest

    Raises
    ------
    UserError
        The model is no longer there, or the record is of another version.
    """
    from napari_unlearn.jobs.unlearn import UnlearnRequest

    model = Path(str(record.get("model")))
    if not is_folder(model):
        raise UserError(f"The model that this run started from is no longer at {model}; bring it back first.")
    try:
        return UnlearnRequest(**{**record, "dataset": dataset, "model": model, "out": out})
    except TypeError as error:
        raise UserError("This run was made by another version; set it up again in step 3.") from error
