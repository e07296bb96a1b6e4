"""Leakage of one predicted class, with all replicates that its intervals need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.bootstrap import Weights, image_sets
from napari_unlearn.leakage.information import FloatArray, TableEstimator, counted_information
from napari_unlearn.leakage.jackknife import information_without
from napari_unlearn.leakage.observations import Observations
from napari_unlearn.leakage.resampled import Resampled
from napari_unlearn.leakage.shuffle import Order, spread_evenly

FEW_IMAGES = 20
"""With fewer images in a table its estimate is mostly noise, so such a table is left out."""

LEAST_IMAGES = 5
"""Where there are few images altogether, tables with a tenth of them are kept, but none with fewer than this."""


@dataclass(frozen=True, eq=False)
class ClassLeakage:
    """Leakage of one predicted class.

    Attributes
    ----------
    map
        Nats each pixel contributes, shape (H, W).
    inside
        What of the sum comes from images in which the pixel is lesion; the rest comes from background.
    pixels
        How many pixels of an image count, on average.
    left_out
        Share of the predicted area whose tables have too few images, from 0 to 1.
    total
        The sum over pixels, nats.
    per_pixel
        `total` per pixel that counts, nats.
    """

    map: FloatArray
    inside: float
    pixels: float
    left_out: float
    total: Resampled
    per_pixel: Resampled


@dataclass(frozen=True, eq=False)
class Sums:
    """Counted information and counted area of many sets of images; each number of images makes them means."""

    information: FloatArray
    area: FloatArray
    images: float

    @property
    def total(self) -> FloatArray:
        """Nats."""
        return self.information / self.images

    @property
    def per_pixel(self) -> FloatArray:
        """Nats per pixel that counts; 0 where none does."""
        return np.where(self.area > 0, self.information / np.where(self.area > 0, self.area, 1), 0.0)


def measure(
    observations: Observations, class_id: int, estimator: TableEstimator, weights: Weights, orders: list[Order]
) -> ClassLeakage:
    """Measure one predicted class pixel by pixel.

    Parameters
    ----------
    observations
        The images.
    class_id
        The predicted class.
    estimator
        Of each pixel's table.
    weights
        How often each image is drawn, shape (resamples, N).
    orders
        Shuffles of artefact maps.

    Returns
    -------
    ClassLeakage
        Value and replicates.
    """
    images = observations.images
    in_table = np.count_nonzero(observations.predicted(class_id), axis=0)
    kept = np.flatnonzero(in_table >= least_images(images))
    shape, observations = observations.shape, observations.at(kept)
    tables = observations.tables(class_id)
    information = counted_information(tables, estimator)
    map_ = np.zeros(in_table.size)
    map_[kept] = information / images
    area = np.count_nonzero(observations.predicted(class_id), axis=1).astype(np.float64)
    all_images = Sums(information.sum(), area.sum(), images)
    drawn = Sums(image_sets(observations, class_id, tables).sums(weights, estimator), weights @ area, images)
    without = _without(observations, class_id, tables, estimator, all_images, area)

    sample = observations.at(spread_evenly(np.arange(kept.size)))
    part, part_without = _on(sample, class_id, estimator)
    chance = [_on(sample.shuffled(order), class_id, estimator) for order in orders]
    scale = kept.size / max(1, sample.spurious.shape[1])
    return ClassLeakage(
        map=map_.reshape(shape),
        inside=float(_inside(tables, information, observations.true_classes > 0).sum() / images),
        pixels=float(area.mean()),
        left_out=float(1 - area.sum() / max(1, in_table.sum())) if in_table.any() else 0.0,
        total=_resampled("total", all_images, drawn, without, part, part_without, chance, scale),
        per_pixel=_resampled("per_pixel", all_images, drawn, without, part, part_without, chance, 1.0),
    )


def least_images(images: int) -> int:
    """Return how many images a pixel's table must have to count.

    Parameters
    ----------
    images
        How many there are altogether.

    Returns
    -------
    int
        Between `LEAST_IMAGES` and `FEW_IMAGES`.

    Examples
    --------
    >>> least_images(1000), least_images(120), least_images(10)
    (20, 12, 5)
    """
    return min(FEW_IMAGES, max(LEAST_IMAGES, images // 10))


def _on(observations: Observations, class_id: int, estimator: TableEstimator) -> tuple[Sums, Sums]:
    """Return the sums of all images, and those without each image."""
    tables = observations.tables(class_id)
    area = np.count_nonzero(observations.predicted(class_id), axis=1).astype(np.float64)
    whole = Sums(counted_information(tables, estimator).sum(), area.sum(), observations.images)
    return whole, _without(observations, class_id, tables, estimator, whole, area)


def _without(
    observations: Observations,
    class_id: int,
    tables: npt.NDArray[np.int64],
    estimator: TableEstimator,
    whole: Sums,
    area: FloatArray,
) -> Sums:
    gone = information_without(observations, class_id, tables, estimator)
    return Sums(whole.information - gone, whole.area - area, max(1, observations.images - 1))


def _resampled(
    what: str,
    whole: Sums,
    drawn: Sums,
    without: Sums,
    part: Sums,
    part_without: Sums,
    chance: list[tuple[Sums, Sums]],
    scale: float,
) -> Resampled:
    images = without.area.size
    return Resampled(
        float(getattr(whole, what)),
        getattr(drawn, what),
        getattr(without, what),
        float(getattr(part, what)) * scale,
        getattr(part_without, what) * scale,
        np.array([getattr(value, what) for value, _ in chance]) * scale,
        np.array([getattr(each, what) for _, each in chance]).reshape(-1, images) * scale,
    )


def _inside(tables: npt.NDArray[np.int64], information: FloatArray, lesion: npt.NDArray[np.bool_]) -> FloatArray:
    """Return what of each pixel's counted information comes from images in which the pixel is lesion.

    The plug-in is a mean over images of log P(s, y) / P(s) P(y) (Fano, 1961), which may be negative for some; what the
    estimator takes off is shared out by how many images there are.
    """
    rows, columns, total = tables.sum(axis=1), tables.sum(axis=0), tables.sum(axis=(0, 1))
    present = tables > 0
    ratio = np.where(present, tables * total, 1) / np.where(present, rows[:, None] * columns, 1)
    pointwise = tables * np.log(ratio)
    taken_off = pointwise.sum(axis=(0, 1)) - information
    share = columns[lesion].sum(axis=0) / np.maximum(1, total)
    return np.asarray(pointwise[:, lesion].sum(axis=(0, 1)) - taken_off * share, np.float64)
