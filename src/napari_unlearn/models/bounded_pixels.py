"""Pixels of every image, drawn where no label has a say and with features of bounded length.

The operators `pnsgd` and `newton-step` rest on constants of the loss, and these are powers of the length of a feature
vector. Three things keep the constants small, and all three look at images alone, so that they are public:

- pixels are drawn evenly over the image, the same ones in training and in unlearning;
- features are whitened: x -> T x with T = (S + I)^(-1/2), S the mean of x x^T over all drawn pixels. That is a change
  of coordinates: a head V on whitened features is the head W = V T on the standardised ones;
- a vector longer than the radius is shortened to it. As the bias is one of its entries, this divides all class scores
  of a pixel by one number and never changes which class wins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.data.case import Case
from napari_unlearn.files import sha256_bytes
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.feature_stream import with_levels
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.head import Standardiser, read_pixels
from napari_unlearn.models.pixel_sampling import IGNORE

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ImagePixels:
    """As many pixels of every image, with raw features.

    Attributes
    ----------
    features : ndarray of float32, shape (n, P, F)
        Raw features.
    labels : ndarray of uint8, shape (n, P) or (n, P, kinds)
        Class ids; `IGNORE` where there is no label to use.
    digest : str
        SHA-256 over ids and images: whether these are the images that a head was trained on.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True, eq=False)
class Whitening:
    """The change of coordinates.

    Attributes
    ----------
    matrix, inverse : ndarray of float64, shape (F + 1, F + 1)
        T and its inverse, both symmetric.
    """

    matrix: FloatArray
    inverse: FloatArray

    def on_whitened(self, weights: FloatArray) -> FloatArray:
        """V of a head W on standardised features."""
        return weights @ self.inverse

    def on_standardised(self, weights: FloatArray) -> FloatArray:
        """W of a head V on whitened features."""
        return weights @ self.matrix


@dataclass(frozen=True, eq=False)
class BoundedPixels:
    """The data of the objective (1 / n) sum_i sum_p a_ip CE(V x_ip, y_ip) + (m / 2) ||V||^2.

    Attributes
    ----------
    features : ndarray of float32, shape (n, P, F + 1)
        Whitened, no vector longer than `radius`.
    labels : ndarray of int64, shape (n, P)
        Class ids.
    weights : ndarray of float64, shape (n, P)
        a_ip, from 0 (no label) to 1 / P.
    radius : float
        Longest feature vector.
    whitening : Whitening
        How to get back to standardised features.
    digest : str
        Of ids and images.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: FloatArray
    radius: float
    whitening: Whitening
    digest: str

    def __len__(self) -> int:
        return len(self.labels)

    def and_more(
        self, features: NDArray[np.float32], labels: NDArray[np.uint8], standardiser: Standardiser
    ) -> BoundedPixels:
        """The same with further images behind them, whitened and shortened like these.

        Parameters
        ----------
        features : ndarray of float32, shape (k, P, F)
            Raw features.
        labels : ndarray of uint8, shape (k, P)
            Class ids; `IGNORE` where there is none.
        standardiser : Standardiser
            The one that these features were scaled by.

        Returns
        -------
        BoundedPixels
        """
        more = np.stack([standardiser.apply(image) for image in features])
        lengths = _whiten(more, self.whitening)
        more *= np.minimum(1, self.radius / lengths).astype(np.float32)[..., None]
        known = labels != IGNORE
        return dataclasses.replace(
            self,
            features=np.concatenate([self.features, more]),
            labels=np.concatenate([self.labels, np.where(known, labels, 0).astype(np.int64)]),
            weights=np.concatenate([self.weights, known / labels.shape[1]]),
        )


def read_images(
    cases: Sequence[Case],
    label: Callable[[Case], NDArray[np.uint8]],
    cache: FeatureCache,
    size: int,
    pixels: int,
    seed: int,
) -> Iterator[int | ImagePixels]:
    """Draw the pixels.

    Parameters
    ----------
    cases : sequence of Case
        At least one.
    label : callable
        From a case to its class ids on the working grid, (h, w) or (h, w, kinds), `IGNORE` where there are none.
    cache : FeatureCache
        Of the frozen encoder.
    size : int
        Long side of the working grid.
    pixels : int
        P; at most 1024, which the smallest grid has.
    seed : int
        Of the places, which depend on it, on the position of the case and on the shape of its grid only.

    Yields
    ------
    int or ImagePixels
        How many images were read before, once an image; the pixels come last.
    """
    features, labels, digests = [], [], []

    def read(case: Case) -> tuple[Tensor, tuple[Case, Tensor]]:
        grid = image_to_grid(case.image(), size)
        return grid, (case, grid)

    for index, ((case, grid), levels) in enumerate(with_levels(cache, read, cases)):
        yield index
        assert levels is not None
        height, width = grid.shape[1:]
        places = np.random.default_rng([seed, index]).choice(height * width, pixels, replace=False)
        features.append(read_pixels(levels, *np.divmod(places, width)))
        own = label(case)
        labels.append(own.reshape(height * width, *own.shape[2:])[places])
        digests.append(sha256_bytes(f"{case.id} {tuple(grid.shape)} ".encode() + grid.numpy().tobytes()).encode())
    yield ImagePixels(np.stack(features), np.stack(labels), sha256_bytes(b"\n".join(digests)))


def bounded(drawn: ImagePixels, standardiser: Standardiser, radius: float | None = None) -> BoundedPixels:
    """Whiten features and bound their length.

    Parameters
    ----------
    drawn : ImagePixels
        Raw features.
    standardiser : Standardiser
        Taken from images alone.
    radius : float or None
        The one that a head was trained with; None for the median length of the whitened features.

    Returns
    -------
    BoundedPixels
    """
    images, pixels, width = drawn.features.shape
    features = np.stack([standardiser.apply(image) for image in drawn.features])
    moment = np.zeros((width + 1, width + 1))
    for image in features:
        moment += (image.T @ image).astype(np.float64) / (images * pixels)
    whitening = _whitening(moment)
    lengths = _whiten(features, whitening)
    radius = float(np.median(lengths)) if radius is None else radius
    features *= np.minimum(1, radius / lengths).astype(np.float32)[..., None]
    known = drawn.labels != IGNORE
    return BoundedPixels(
        features, np.where(known, drawn.labels, 0).astype(np.int64), known / pixels, radius, whitening, drawn.digest
    )


def scale_of(drawn: ImagePixels) -> Standardiser:
    """Mean and spread of features; the pixels lie anywhere in the images, so that no mask has a say in them.

    Parameters
    ----------
    drawn : ImagePixels
        The first 200 images are looked at.

    Returns
    -------
    Standardiser
    """
    some = drawn.features[:200].reshape(-1, drawn.features.shape[2]).astype(np.float64)
    return Standardiser(some.mean(axis=0), np.maximum(some.std(axis=0), 1e-6))


def _whiten(features: NDArray[np.float32], whitening: Whitening) -> FloatArray:
    """Whiten features where they are, and return their lengths, (n, P)."""
    matrix = whitening.matrix.astype(np.float32)
    lengths = np.empty(features.shape[:2])
    for image, length in zip(features, lengths, strict=True):
        image[:] = image @ matrix
        length[:] = np.linalg.norm(image, axis=1)
    return lengths


def _whitening(moment: FloatArray) -> Whitening:
    values, vectors = np.linalg.eigh(moment)
    # Adding 1, the spread of a standardised feature, leaves directions that hardly vary where they are.
    root = np.sqrt(np.maximum(values, 0) + 1)
    return Whitening((vectors / root) @ vectors.T, (vectors * root) @ vectors.T)
