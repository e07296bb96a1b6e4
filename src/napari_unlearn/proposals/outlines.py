"""Every way to propose the outline of a lesion, by name, with how well it did when it was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.errors import UserError
from napari_unlearn.proposals import chan_vese, colour_cut, model_mask, random_walker
from napari_unlearn.proposals.frame import Bool, Mask, framed, unframed

CLASSICAL: dict[str, Callable[..., Bool]] = {
    "colour-cut": colour_cut.propose,
    "random-walker": random_walker.propose,
    "chan-vese": chan_vese.propose,
}
NAMES = ("model", *CLASSICAL)


@dataclass(frozen=True, eq=False)
class OutlineRequest:
    """What to propose, for which case.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    image : ndarray of uint8, shape (H, W, 3)
        RGB.
    coarse : ndarray of uint8, shape (H, W)
        Class ids of the coarse mask.
    model : Path or None
        The model in use.
    """

    name: str
    image: NDArray[np.uint8]
    coarse: Mask
    model: Path | None = None


def propose(request: OutlineRequest) -> Mask:
    """Propose a fine mask; every lesion keeps the class of its coarse mask.

    Parameters
    ----------
    request : OutlineRequest
        What to do.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Class ids, inside the coarse mask.

    Raises
    ------
    UserError
        The coarse mask is empty, no model is in use, or nothing was found.
    """
    inside = request.coarse > 0
    found = _found(request, inside)
    if not found.any():
        raise UserError("Nothing in the coarse mask stands out, so there is no proposal; try another method.")
    return np.where(found, request.coarse, 0).astype(np.uint8)


def _found(request: OutlineRequest, inside: Bool) -> Bool:
    if request.name == "model":
        if request.model is None:
            raise UserError("There is no model to ask; choose or train one first (step 1), or try another method.")
        return model_mask.propose(request.image, inside, request.model)
    return unframed(CLASSICAL[request.name](framed(request.image, inside)), inside)
