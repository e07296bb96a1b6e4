"""Tier 1: operators after which nothing of the forgotten labels is left."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import MinimumSettings, number


@dataclass(frozen=True)
class ExactRefitSettings(MinimumSettings):
    """Tier 1: all that labels touched is fitted anew."""

    iterations: int = number(30, 1, 1000, "At most so many Newton steps of a head; passes over the cases of a U-Net.")
    tolerance: float = number(1e-6, 1e-14, 1.0, "The fit of a head ends when the gradient is this small.")


OPERATORS = (
    OperatorInfo(
        "exact-refit",
        "Exact refit",
        "exact",
        "Exact",
        "Fits anew, on what may be kept, all that labels touched. Nothing of the forgotten labels is left, not even "
        "statistically.",
        "Exact unlearning by retraining the only part that saw labels; refitting from a public start.",
        ExactRefitSettings,
        "napari_unlearn.operators.exact_refit",
    ),
)
"""Strongest first."""
