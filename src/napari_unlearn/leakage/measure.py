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
from napari_unlearn.leakage.shuffle import Orders, spread_evenly

FEW_IMAGES = 20
"""With fewer images in a table its estimate is mostly noise, so such a table is left out."""

LEAST_IMAGES = 5
"""Where there are few images altogether, tables with a tenth of them are kept, but none with fewer than this."""

# Shuffles are done side by side as long as they have no more pixels than this in all images together.
_MOST_VALUES = 10_000_000


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
    observations: Observations, class_id: int, estimator: TableEstimator, weights: Weights, orders: Orders
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
        Shuffles of artefact maps, shape (shuffles, N).

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
    gone = information_without(observations, class_id, tables, estimator)[0]
    without = Sums(information.sum() - gone, area.sum() - area, max(1, images - 1))

    sample = observations.at(spread_evenly(np.arange(kept.size)))
    part, part_without = _side_by_side(sample, class_id, estimator, np.arange(images)[None])
    chance, chance_without = _side_by_side(sample, class_id, estimator, orders)
    scale = kept.size / max(1, sample.spurious.shape[1])
    return ClassLeakage(
        map=map_.reshape(shape),
        inside=float(_inside(tables, information, observations.true_classes > 0).sum() / images),
        pixels=float(area.mean()),
        left_out=float(1 - area.sum() / max(1, in_table.sum())) if in_table.any() else 0.0,
        total=_resampled("total", all_images, drawn, without, part, part_without, chance, chance_without, scale),
        per_pixel=_resampled("per_pixel", all_images, drawn, without, part, part_without, chance, chance_without, 1.0),
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


def _side_by_side(
    observations: Observations, class_id: int, estimator: TableEstimator, orders: Orders
) -> tuple[Sums, Sums]:
    """Return the sums of each shuffle, shape (shuffles,), and those without each image, shape (shuffles, N)."""
    images, pixels = observations.spurious.shape
    area = np.count_nonzero(observations.predicted(class_id), axis=1).astype(np.float64)
    information, without = np.zeros(len(orders)), np.zeros((len(orders), images))
    at_once = max(1, _MOST_VALUES // max(1, images * pixels))
    for start in range(0, len(orders), at_once):
        part = slice(start, start + at_once)
        shuffled = observations.shuffled(orders[part])
        tables = shuffled.tables(class_id)
        counted = counted_information(tables, estimator).reshape(len(orders[part]), pixels)
        information[part] = counted.sum(axis=1)
        without[part] = information_without(shuffled, class_id, tables, estimator, len(counted))
    whole = Sums(information, np.full(len(orders), area.sum()), images)
    return whole, Sums(information[:, None] - without, area.sum() - area, max(1, images - 1))


def _resampled(
    what: str,
    whole: Sums,
    drawn: Sums,
    without: Sums,
    part: Sums,
    part_without: Sums,
    chance: Sums,
    chance_without: Sums,
    scale: float,
) -> Resampled:
    return Resampled(
        float(getattr(whole, what)),
        getattr(drawn, what),
        getattr(without, what),
        float(getattr(part, what)[0]) * scale,
        getattr(part_without, what)[0] * scale,
        getattr(chance, what) * scale,
        getattr(chance_without, what) * scale,
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
