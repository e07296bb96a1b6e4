"""The leakage of a model, as it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_unlearn.leakage.information import Estimator, FloatArray


@dataclass(frozen=True, eq=False)
class Estimate:
    """How much the predictions of a model tell about spurious artefacts and true classes together.

    Attributes
    ----------
    value
        S_global in nats: the largest sum over pixels among the predicted classes.
    normalised
        `value` per predicted pixel of that class, nats; comparable between image sizes and models.
    low, high
        95 % interval of `normalised` under resampling of images.
    value_low, value_high
        The same for `value`.
    per_class
        The sum over pixels for each class, nats; 0 for a class that is never predicted.
    max_class
        The class that `value` belongs to; None if no class is predicted.
    maps
        What each pixel contributes for each class, nats, float64, shape (H, W).
    map
        The map of `max_class`; zeros if there is none.
    expected_pixels
        How many pixels of an image are predicted as `max_class`, on average, where there are enough images to tell.
    estimator
        How each table was estimated.
    images
        How many images were used.
    left_out
        Share of the area predicted as `max_class` that lies at pixels with too few images to tell, from 0 to 1.
    note
        What to bear in mind when reading the numbers; empty if nothing.
    """

    value: float
    normalised: float
    low: float
    high: float
    value_low: float
    value_high: float
    per_class: Mapping[int, float]
    max_class: int | None
    maps: Mapping[int, FloatArray]
    map: FloatArray
    expected_pixels: float
    estimator: Estimator
    images: int
    left_out: float
    note: str
