"""Leakage of one predicted class, with all replicates that its intervals need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.bootstrap import Weights, image_sets
from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.information import FloatArray, TableEstimator, counted_information
from napari_unlearn.leakage.jackknife import information_without
from napari_unlearn.leakage.observations import Observations
from napari_unlearn.leakage.resampled import Resampled
from napari_unlearn.leakage.sampling import shuffled_pixels, spread_evenly
from napari_unlearn.leakage.shuffle import Orders, shuffled_tables

FEW_IMAGES = 20
"""With fewer images in a table its estimate is mostly noise, so such a table is left out."""

LEAST_IMAGES = 5
"""Where there are few images altogether, tables with a tenth of them are kept, but none with fewer than this."""

JACKKNIFED = 25
"""In so many shuffles images are left out one by one: a mean over more of them would hardly be another."""


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
    observations: Images,
    class_id: int,
    estimator: TableEstimator,
    weights: Weights,
    orders: Orders,
    exact_draws: bool = True,
) -> ClassLeakage:
    """Measure one predicted class pixel by pixel.

    Estimates and maps are of all pixels, replicates of a sample of them.

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
    exact_draws
        Whether to count anew in each resampled set of images, or to add up what each image adds: basic and BCa
        intervals want the former, a studentised one makes do without.

    Returns
    -------
    ClassLeakage
        Value and replicates.
    """
    images = observations.images
    everywhere = observations.tables(class_id)
    in_table = everywhere.sum(axis=(0, 1))
    kept = np.flatnonzero(in_table >= least_images(images))
    tables = everywhere[..., kept]
    information = counted_information(tables, estimator)
    map_ = np.zeros(in_table.size)
    map_[kept] = information / images
    counted = float(in_table[kept].sum())
    all_pixels = Sums(information.sum(), np.asarray(counted), images)

    sample = observations.sample(kept)
    tables_of_sample = sample.tables(class_id)
    some = float(counted_information(tables_of_sample, estimator).sum())
    area = np.count_nonzero(sample.predicted(class_id), axis=1).astype(np.float64)
    gone = information_without(sample, class_id, tables_of_sample, estimator)
    without = Sums(some - gone, area.sum() - area, max(1, images - 1))
    drawn = None
    if exact_draws:
        sets = image_sets(sample, class_id, tables_of_sample)
        drawn = Sums(sets.sums(weights, estimator), weights @ area, images)

    few = sample.at(spread_evenly(np.arange(sample.spurious.shape[1]), shuffled_pixels(images)))
    replicates = Replicates(
        drawn,
        without,
        *_shuffled(few, class_id, estimator, np.arange(images)[None]),
        *_shuffled(few, class_id, estimator, orders),
        weights,
    )
    scales = [kept.size / max(1, of.spurious.shape[1]) for of in (sample, few)]
    return ClassLeakage(
        map=map_.reshape(observations.shape),
        inside=float(_inside(tables, information, observations.true_classes > 0).sum() / images),
        pixels=counted / images,
        left_out=float(1 - counted / max(1, in_table.sum())) if in_table.any() else 0.0,
        total=replicates.of("total", all_pixels, *scales),
        per_pixel=replicates.of("per_pixel", all_pixels, 1.0, 1.0),
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


@dataclass(frozen=True, eq=False)
class Replicates:
    """Sums over the pixels of a sample, for the sum over all pixels and for the mean.

    Attributes
    ----------
    drawn
        Of resampled sets of images; None to make them from `without`.
    without
        Without each image.
    part, part_without
        On the pixels that shuffles are made on.
    chance, chance_without
        With artefact maps shuffled.
    weights
        How often each image was drawn, shape (resamples, N).
    """

    drawn: Sums | None
    without: Sums
    part: Sums
    part_without: Sums
    chance: Sums
    chance_without: Sums
    weights: Weights

    def of(self, what: Literal["total", "per_pixel"], whole: Sums, scale: float, shuffled_scale: float) -> Resampled:
        """Return one number with its replicates.

        Parameters
        ----------
        what
            Which number.
        whole
            Of all pixels.
        scale, shuffled_scale
            What a sum over the sample, and one over the pixels of shuffles, is to be multiplied by.

        Returns
        -------
        Resampled
        """
        estimate = float(getattr(whole, what))
        without = getattr(self.without, what) * scale
        if self.drawn is None:
            drawn = estimate + self.weights @ ((without.mean() - without) * (without.size - 1)) / without.size
        else:
            drawn = getattr(self.drawn, what) * scale
        part, part_without, chance, chance_without = (
            getattr(sums, what) * shuffled_scale
            for sums in (self.part, self.part_without, self.chance, self.chance_without)
        )
        return Resampled(
            estimate, drawn, without, float(part[0]), part_without[0], chance, chance_without, self.weights
        )


def _shuffled(
    observations: Observations, class_id: int, estimator: TableEstimator, orders: Orders
) -> tuple[Sums, Sums]:
    """Return the sums of each shuffle, shape (shuffles,), and of some without each image, shape (some, N)."""
    images, pixels = observations.spurious.shape
    area = np.count_nonzero(observations.predicted(class_id), axis=1).astype(np.float64)
    tables = shuffled_tables(observations, class_id, orders)
    information = counted_information(tables, estimator).reshape(len(orders), pixels).sum(axis=1)
    some = orders[:JACKKNIFED]
    gone = np.zeros((len(some), images))
    for place, order in enumerate(some):
        part = slice(place * pixels, (place + 1) * pixels)
        gone[place] = information_without(observations.shuffled(order[None]), class_id, tables[..., part], estimator)
    whole = Sums(information, np.full(len(orders), area.sum()), images)
    return whole, Sums(information[: len(some), None] - gone, area.sum() - area, max(1, images - 1))


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
