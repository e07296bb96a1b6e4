"""What an operator of another package says about its own result, held against what was seen while it ran.

The numbers of a certificate are recomputed for every operator. That its noise was really drawn cannot be recomputed
afterwards, so it is watched: the noise source that an operator is handed counts what it gives.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from napari_unlearn.errors import UserError
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Revision
from napari_unlearn.privacy.mechanisms import MECHANISMS, RELATIVE_TOLERANCE
from napari_unlearn.privacy.noise import NoiseSource


class WitnessedNoise:
    """A noise source that remembers how many values it gave, and how large.

    Parameters
    ----------
    source : NoiseSource
        Where the noise comes from.

    Attributes
    ----------
    given : int
        Values drawn.
    largest : float
        Largest standard deviation of a draw; 0 before the first.
    """

    def __init__(self, source: NoiseSource) -> None:
        self._source = source
        self.given = 0
        self.largest = 0.0

    @property
    def description(self) -> str:
        """See `NoiseSource.description`."""
        return self._source.description

    @property
    def certifies(self) -> bool:
        """See `NoiseSource.certifies`."""
        return self._source.certifies

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> npt.NDArray[np.float64]:
        """See `NoiseSource.gaussian`."""
        drawn = self._source.gaussian(shape, sigma)
        self.given += drawn.size
        self.largest = max(self.largest, sigma)
        return drawn


def confirmed(operator: OperatorInfo, revision: Revision, noise: WitnessedNoise, shape: tuple[int, ...]) -> Revision:
    """Replace what a certified operator of another package says about its noise by what was seen.

    Parameters
    ----------
    operator : OperatorInfo
        What was run; operators of this package are passed through.
    revision : Revision
        What it made.
    noise : WitnessedNoise
        The source it was handed.
    shape : tuple of int
        Of the weights in use.

    Returns
    -------
    Revision

    Raises
    ------
    UserError
        Its weights do not fit the model, it names no known mechanism, leaves out a number, or claims noise that it
        never drew.
    """
    if not operator.package:
        return revision
    if revision.weights.shape != shape:
        raise UserError(
            f"{operator.title} of {operator.package} made weights of shape {revision.weights.shape}, but the model has "
            f"{shape}; report this to the authors of that package."
        )
    # Only training of this package may be gone on with under a certificate.
    revision = dataclasses.replace(revision, training=None)
    if operator.tier != "certified":
        return revision
    refusal = f"No certificate can be given: {operator.title} of {operator.package}"
    mechanism = MECHANISMS.get(revision.mechanism)
    if mechanism is None:
        raise UserError(
            f"{refusal} names the mechanism '{revision.mechanism}', which is none of {', '.join(MECHANISMS)}."
        )
    for name in (*mechanism.parameters, "sigma"):
        if not math.isfinite(revision.numbers.get(name, math.nan)):
            raise UserError(f"{refusal} does not state the number '{name}' of its mechanism {revision.mechanism}.")
    sigma = revision.numbers["sigma"]
    if noise.given < revision.weights.size or noise.largest < sigma * (1 - RELATIVE_TOLERANCE):
        raise UserError(
            f"{refusal} states noise of {sigma:g} on {revision.weights.size} weights, but it drew {noise.given} values "
            f"of at most {noise.largest:g}."
        )
    return dataclasses.replace(revision, noise=noise.description, noise_certifies=noise.certifies)
