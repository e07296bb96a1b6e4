"""Projected noisy SGD on a strongly convex head: the one update that training and unlearning share.

V <- project(V - eta ((1 / b) sum_i clip(g_i, M) + m V) + sqrt(2 eta) sigma N(0, I), radius R), with g_i the gradient of
image i, over batches in a fixed cyclic order (Chien, Wang, Chen and Li, NeurIPS 2024).

The account needs every noiseless step to bring any two heads closer by c = 1 - eta m. That holds for the gradient of a
convex loss with eta at most 1 / smoothness. It need not hold for a *clipped* gradient: shortening a vector of several
entries is no gradient of a convex function any more, and can push two heads apart. Hence the clip must never bite, and
here it cannot: a feature vector has length at most r and the weights of an image sum to at most 1, so that
||g_i|| <= sqrt(2) r =: M before it is clipped. What changes labels and weights of one image, its pixels staying where
they are, moves g_i by at most the same sqrt(2) r, instead of the 2 M of two unrelated images: for weights a >= a',

    a (p - e_y) - a' (p - e_y') = (a - a') (p - e_y) + a' (e_y' - e_y),  of length at most sqrt(2) a.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigvalsh
from torch.nn import functional

from napari_unlearn.models.bounded_pixels import BoundedPixels, FloatArray
from napari_unlearn.models.bounded_training import NoisySteps
from napari_unlearn.privacy.noise import NoiseSource
from napari_unlearn.privacy.pnsgd import relabelled_gradient


def batches(images: int, batch_size: int, seed: int) -> list[NDArray[np.intp]]:
    """Fixed order of the images, in batches; the last one may be shorter.

    Parameters
    ----------
    images, batch_size : int
        n and b.
    seed : int
        Of the order, which no label has a say in.

    Returns
    -------
    list of ndarray of int
    """
    order = np.random.default_rng(seed).permutation(images)
    return [order[start : start + batch_size] for start in range(0, images, batch_size)]


def smoothness(pixels: BoundedPixels, strong_convexity: float, batch_size: int, seed: int) -> float:
    """Largest curvature of the objective of any batch, whatever the labels and the heads.

    The curvature of a softmax loss in its scores is at most 1/2, so that of a batch is at most half the largest
    eigenvalue of the mean of x x^T over its drawn pixels, plus m. Dropping pixels can only lower it.

    Parameters
    ----------
    pixels : BoundedPixels
        The images.
    strong_convexity : float
        m.
    batch_size, seed
        As for `batches`.

    Returns
    -------
    float
    """
    largest = 0.0
    width = pixels.features.shape[2]
    for rows in batches(len(pixels), batch_size, seed):
        x = pixels.features[rows].reshape(-1, width)
        moment = (x.T @ x).astype(np.float64) / (batch_size * pixels.features.shape[1])
        largest = max(largest, float(eigvalsh(moment, subset_by_index=(width - 1, width - 1))[0]))
    return 0.5 * largest + strong_convexity


@dataclass(frozen=True, eq=False)
class NoisySgd:
    """The update on given data.

    Attributes
    ----------
    pixels : BoundedPixels
        Labels and weights of every image.
    classes : int
        Background included.
    strong_convexity : float
        m.
    numbers : NoisySteps
        Batch size, step size, noise and projection.
    seed : int
        Of the order of the images.
    """

    pixels: BoundedPixels
    classes: int
    strong_convexity: float
    numbers: NoisySteps
    seed: int

    def start(self, noise: NoiseSource) -> FloatArray:
        """Where training starts: N(0, 2 sigma^2 / m), projected; a draw that no label has a say in."""
        width = self.pixels.features.shape[2]
        spread = self.numbers.sigma * float(np.sqrt(2 / self.strong_convexity))
        return self._project(noise.gaussian((self.classes, width), spread))

    def epochs(self, state: FloatArray, count: int, noise: NoiseSource) -> Iterator[FloatArray]:
        """Go over all images again and again.

        Parameters
        ----------
        state : ndarray of float64, shape (K + 1, F + 1)
            Head on whitened features.
        count : int
            Epochs.
        noise : NoiseSource
            Draws the noise of every step.

        Yields
        ------
        ndarray of float64
            The head after an epoch.
        """
        order = batches(len(self.pixels), self.numbers.batch_size, self.seed)
        for _ in range(count):
            for rows in order:
                state = self.step(state, rows, noise)
            yield state

    def step(self, state: FloatArray, rows: NDArray[np.intp], noise: NoiseSource) -> FloatArray:
        """One step on one batch.

        Parameters
        ----------
        state : ndarray of float64, shape (K + 1, F + 1)
            Head on whitened features.
        rows : ndarray of int
            Images of the batch.
        noise : NoiseSource
            Draws the noise.

        Returns
        -------
        ndarray of float64
        """
        numbers = self.numbers
        slope = self.gradients(state, rows).sum(axis=0) / numbers.batch_size + self.strong_convexity * state
        moved = state - numbers.step_size * slope
        return self._project(moved + noise.gaussian(state.shape, float(np.sqrt(2 * numbers.step_size)) * numbers.sigma))

    def gradients(self, state: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
        """Clipped gradient of the loss of every image of a batch, (b, K + 1, F + 1)."""
        x = torch.from_numpy(self.pixels.features[rows])
        error = torch.softmax(x @ torch.from_numpy(state).float().T, dim=2)
        error -= functional.one_hot(torch.from_numpy(self.pixels.labels[rows]), self.classes)
        error *= torch.from_numpy(self.pixels.weights[rows]).float()[..., None]
        each = torch.bmm(error.transpose(1, 2), x).double()
        bound = relabelled_gradient(self.pixels.radius)
        norms = each.flatten(1).norm(dim=1).clamp(min=bound)
        clipped: FloatArray = (each * (bound / norms)[:, None, None]).numpy()
        return clipped

    def _project(self, state: FloatArray) -> FloatArray:
        return state * min(1.0, self.numbers.projection_radius / max(float(np.linalg.norm(state)), 1e-300))
