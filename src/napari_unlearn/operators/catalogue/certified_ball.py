"""Tier 3: operators that hide the model in use in noise about a public centre."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number

_FINETUNE = "Rounds of learning from what may be kept after the noise, which cost no budget."
_RADIUS = "The model in use is first moved into a ball of this radius about the public start; never measured on it."
_GRADIENT = "Gradients are shortened to this length."
_STEP = "Length of a step relative to the gradient."
_DECAY = "Pull towards the public start in every noisy step; 0 for none."


@dataclass(frozen=True)
class GradientClippingSettings(Settings):
    """Clipped noisy gradient steps about the public start, then a fit to the retain set."""

    initial_radius: float = number(1.0, 0.0, 1e6, _RADIUS)
    gradient_radius: float = number(0.1, 1e-9, 1e6, _GRADIENT)
    step_size: float = number(0.05, 1e-9, 1e3, _STEP)
    decay: float = number(10.0, 0.0, 1e6, _DECAY)
    steps: int = number(30, 1, 100000, "Noisy steps.")
    schedule: int = number(
        0, 0, 1, "0 adds the same noise in every step, 1 begins with more and ends with less; needs decay to differ."
    )
    finetune: int = number(12, 0, 1000, _FINETUNE)


@dataclass(frozen=True)
class ModelClippingSettings(Settings):
    """Noisy steps that each end in a ball about the public start, then a fit to the retain set."""

    model_radius: float = number(
        0.1, 1e-9, 1e6, "After every step the model is moved into a ball of this radius about the public start."
    )
    step_size: float = number(0.05, 1e-9, 1e3, _STEP)
    decay: float = number(0.0, 0.0, 1e6, _DECAY)
    steps: int = number(20, 1, 10000, "Noisy steps; more steps need less noise in each.")
    finetune: int = number(12, 0, 1000, _FINETUNE)


@dataclass(frozen=True)
class OutputPerturbationSettings(Settings):
    """One draw of noise on the model in use, moved into a ball, then a fit to the retain set."""

    radius: float = number(0.1, 1e-9, 1e6, _RADIUS)
    finetune: int = number(12, 0, 1000, _FINETUNE)


@dataclass(frozen=True)
class BlockwiseSettings(Settings):
    """Clipped noisy gradient steps on one block of weights after the other, then a fit to the retain set."""

    initial_radius: float = number(1.0, 1e-9, 1e6, _RADIUS)
    gradient_radius: float = number(0.1, 1e-9, 1e6, "Gradients of a block are shortened to this length.")
    step_size: float = number(0.05, 1e-9, 1e3, _STEP)
    decay: float = number(10.0, 0.0, 1e6, _DECAY)
    steps: int = number(15, 1, 100000, "Noisy steps of each block.")
    blocks: int = number(4, 1, 1000, "Blocks the weights are split into; each is hidden on its own.")
    order: int = number(
        0, 0, 2**31 - 1, "0 splits the weights in their order; any other number is the seed of a shuffle before."
    )
    repair: int = number(
        2, 0, 1000, "Steps after each block in which the weights not hidden yet learn from what may be kept."
    )
    finetune: int = number(12, 0, 1000, _FINETUNE)


_KOLOSKOVA = "Koloskova et al., Certified Unlearning for Neural Networks, ICML 2025"

OPERATORS = (
    OperatorInfo(
        "gradient-clipping",
        "Gradient clipping",
        "certified",
        "Certified ball",
        "Shakes the model with enough noise to hide the forgotten labels, then lets it learn again from what may be "
        "kept.",
        f"{_KOLOSKOVA}, Theorem 4.1; exact Gaussian-DP accounting.",
        GradientClippingSettings,
        "napari_unlearn.operators.gradient_clipping",
    ),
    OperatorInfo(
        "model-clipping",
        "Model clipping",
        "certified",
        "Certified ball",
        "Pulls the model close to the public start and shakes it, many times over, until the forgotten labels are "
        "hidden, then lets it learn again from what may be kept.",
        f"{_KOLOSKOVA}; amplification after Balle et al., NeurIPS 2019, Theorem 1.",
        ModelClippingSettings,
        "napari_unlearn.operators.model_clipping",
    ),
    OperatorInfo(
        "blockwise",
        "Block by block",
        "certified",
        "Certified ball",
        "Hides the forgotten labels in noise in one part of the model after the other, while the parts still to come "
        "make up for it, then lets the whole learn again from what may be kept.",
        "After Dolgova and Stich, arXiv 2601.05134, with a real clip of every block; exact Gaussian-DP accounting.",
        BlockwiseSettings,
        "napari_unlearn.operators.blockwise",
    ),
    OperatorInfo(
        "output-perturbation",
        "Output perturbation",
        "certified",
        "Certified ball",
        "Adds noise once, enough to hide the forgotten labels, then lets the model learn again from what may be kept.",
        "Dwork et al., TCC 2006; calibrated exactly after Balle and Wang, ICML 2018.",
        OutputPerturbationSettings,
        "napari_unlearn.operators.output_perturbation",
    ),
)
"""The one with most to tune first."""
