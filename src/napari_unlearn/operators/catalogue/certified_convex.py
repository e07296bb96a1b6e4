"""Tier 3: operators that rest on how the head was trained and on a convex objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number


@dataclass(frozen=True)
class BoundedSettings(Settings):
    """Common to operators that go on with a head trained on features of bounded length.

    Pixels and strength are those of the training; of the common numbers only `background_weight` (pnsgd),
    `swap_weight` and `corrected` are used.
    """

    method: ClassVar[str]


@dataclass(frozen=True)
class PnsgdSettings(BoundedSettings):
    """Tier 3: noisy training goes on, on what may be kept."""

    method: ClassVar[str] = "pnsgd"

    least_epochs: int = number(1, 1, 100000, "At least so many passes over the images, even if the budget needs fewer.")
    most_epochs: int = number(5000, 1, 1000000, "Give up if the budget needs more passes over the images.")


@dataclass(frozen=True)
class NewtonStepSettings(BoundedSettings):
    """Tier 3: one Newton step from the minimum, then noise."""

    method: ClassVar[str] = "bounded"

    residual: float = number(
        1e-5, 1e-12, 1e-2, "Largest gradient at which a head counts as a minimum; fixed before any data is seen."
    )


OPERATORS = (
    OperatorInfo(
        "pnsgd",
        "Noisy gradient descent",
        "certified",
        "Certified ball",
        "Goes on with the noisy training of the head, on what may be kept, until the noise has covered where it "
        "started. Needs a head trained with --method pnsgd.",
        "Chien et al., Certified Machine Unlearning via Noisy Stochastic Gradient Descent, NeurIPS 2024; exact "
        "Gaussian-DP accounting.",
        PnsgdSettings,
        "napari_unlearn.operators.pnsgd",
        convex=True,
    ),
    OperatorInfo(
        "newton-step",
        "Newton step",
        "certified",
        "Certified ball",
        "Takes one exact step from the old minimum towards the new one and hides the rest in noise. For a few "
        "forgotten pixels and a head trained with --method bounded and a large strength.",
        "Sekhari et al., Remember What You Want to Forget, NeurIPS 2021; constants of the softmax loss and exact "
        "Gaussian-DP calibration.",
        NewtonStepSettings,
        "napari_unlearn.operators.newton_step",
        convex=True,
    ),
)
"""Strongest first."""
