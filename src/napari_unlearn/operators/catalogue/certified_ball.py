"""Tier 3: operators that hide the model in use in noise about a public centre."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number


@dataclass(frozen=True)
class GradientClippingSettings(Settings):
    """Tier 3: clipped noisy gradient steps about the public zero head, then a fit on the retain set."""

    initial_radius: float = number(1.0, 0.0, 1e6, "The head in use is first moved into a ball of this radius.")
    gradient_radius: float = number(0.1, 1e-9, 1e6, "Gradients are shortened to this length.")
    step_size: float = number(0.05, 1e-9, 1e3, "Length of a step relative to the gradient.")
    decay: float = number(10.0, 0.0, 1e6, "Pull towards the public start in every noisy step.")
    steps: int = number(30, 1, 100000, "Noisy steps.")
    finetune: int = number(4, 0, 1000, "Newton steps on the retain set after the noise, which cost no budget.")


OPERATORS = (
    OperatorInfo(
        "gradient-clipping",
        "Gradient clipping",
        "certified",
        "Certified ball",
        "Shakes the head with enough noise to hide the forgotten labels, then lets it learn again from what may be "
        "kept.",
        "Koloskova et al., Certified Unlearning for Neural Networks, ICML 2025; exact Gaussian-DP accounting.",
        GradientClippingSettings,
        "napari_unlearn.operators.gradient_clipping",
    ),
)
"""Strongest first."""
