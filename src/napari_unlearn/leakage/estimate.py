"""The leakage of a model, as it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from napari_unlearn.leakage.information import FloatArray
from napari_unlearn.leakage.resampled import Interval

Estimator = Literal["plug-in", "miller-madow", "permutation-null", "pooled"]
"""How leakage is estimated, see `MEANINGS`."""

MEANINGS: Mapping[Estimator, str] = {
    "plug-in": "Leakage as these images show it, chance included: too high, and the more so the fewer images.",
    "miller-madow": (
        "Leakage with the excess that small counts cause taken off: right on average where every combination of "
        "artefact and class occurs often, too high where an artefact is rare."
    ),
    "permutation-null": (
        "Leakage beyond what chance would show at each pixel: 0 on average where artefact and class are unrelated, "
        "however rare the artefact; a little too low for a rare artefact that does tell the class."
    ),
    "pooled": (
        "Leakage from one table over all pixels, wherever they lie: another quantity than the sum over pixels, "
        "steadier with few images, but blind to place."
    ),
}
"""What each estimator estimates, in one sentence."""


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
    per_class_normalised
        For each class the sum per predicted pixel with its interval: value, low, high, nats.
    inside, outside
        What pixels that are truly lesion, and those that are truly background, add to `normalised`, nats per predicted
        pixel of either kind; together they are `normalised`. One of them may be negative.
    max_class
        The class that `value` belongs to; None if no class is predicted.
    maps
        What each pixel contributes for each class, nats, float64, shape (H, W).
    map
        The map of `max_class`; zeros if there is none.
    expected_pixels
        How many pixels of an image are predicted as `max_class`, on average, where there are enough images to tell.
    p_value
        How often artefact maps that were shuffled among images with the same predicted class leak as much, by
        `value`; None if they were not shuffled or nothing is predicted.
    by_chance
        What `normalised` is on average when artefact maps are shuffled in that way, nats; None where `p_value` is.
    estimator, interval
        How leakage and its interval were estimated.
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
    per_class_normalised: Mapping[int, tuple[float, float, float]]
    inside: float
    outside: float
    max_class: int | None
    maps: Mapping[int, FloatArray]
    map: FloatArray
    expected_pixels: float
    p_value: float | None
    by_chance: float | None
    estimator: Estimator
    interval: Interval
    images: int
    left_out: float
    note: str

    @property
    def meaning(self) -> str:
        """What `estimator` estimates, in one sentence."""
        return MEANINGS[self.estimator]


def check_estimator(estimator: str) -> None:
    """Refuse an estimator that is not known.

    Raises
    ------
    ValueError
        It is not one of `Estimator`.
    """
    if estimator not in get_args(Estimator):
        raise ValueError(f"The estimator must be one of {', '.join(get_args(Estimator))}, but it is {estimator!r}.")
