"""What has to be remembered of a training on bounded features, so that an operator may rest on it later."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.files import sha256_bytes


@dataclass(frozen=True)
class NoisySteps:
    """Numbers of projected noisy SGD, and how far two runs of it can be apart.

    Attributes
    ----------
    batch_size : int
        Images a step, b; the last batch of an epoch is filled up with images that have no label.
    epochs : int
        Passes over the images in training, T.
    step_size : float
        eta, at most 1 / smoothness.
    smoothness : float
        Largest curvature of the objective of any batch, whatever the labels.
    sigma : float
        A step adds noise of standard deviation sqrt(2 eta) sigma.
    projection_radius : float
        R.
    noise : str
        Where the noise came from.
    distance : float
        Z of the last request; 0 before the first.
    spent : int
        Epochs spent on the last request; 1 before the first.
    composed : int
        Composed cases in these epochs. Other labels make other composed cases, so that with any of them nothing is
        known of how far apart two runs are after these epochs but that both lie in the ball of the projection.
    """

    batch_size: int
    epochs: int
    step_size: float
    smoothness: float
    sigma: float
    projection_radius: float
    noise: str
    distance: float = 0.0
    spent: int = 1
    composed: int = 0


@dataclass(frozen=True)
class BoundedTraining:
    """A head that was trained on `BoundedPixels`.

    Attributes
    ----------
    images, pixels : int
        n, and pixels drawn from each.
    feature_radius : float
        Longest feature vector.
    strong_convexity : float
        m.
    images_sha256 : str
        Digest of ids and images.
    head_sha256 : str
        Digest of the weights: whether the head is still the one that this training made.
    steps : NoisySteps or None
        None for a head that is the minimum itself.
    """

    images: int
    pixels: int
    feature_radius: float
    strong_convexity: float
    images_sha256: str
    head_sha256: str
    steps: NoisySteps | None = None

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> BoundedTraining:
        """Read what `dataclasses.asdict` made."""
        steps = record["steps"]
        return cls(**{**record, "steps": None if steps is None else NoisySteps(**steps)})

    def after(self, weights: NDArray[np.float64], distance: float, epochs: int, composed: int = 0) -> BoundedTraining:
        """The record of a head that projected noisy SGD went on with.

        Parameters
        ----------
        weights : ndarray of float64
            The head now.
        distance : float
            Z of the request.
        epochs : int
            Epochs spent on it.
        composed : int
            Composed cases in them.

        Returns
        -------
        BoundedTraining
        """
        assert self.steps is not None
        steps = dataclasses.replace(self.steps, distance=distance, spent=epochs, composed=composed)
        return dataclasses.replace(self, head_sha256=head_digest(weights), steps=steps)


def head_digest(weights: NDArray[np.float64]) -> str:
    """SHA-256 of a head's weights."""
    return sha256_bytes(np.ascontiguousarray(weights).tobytes())
