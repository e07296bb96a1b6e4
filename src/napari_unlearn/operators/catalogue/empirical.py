"""Tier 4: operators that promise nothing; only what is measured counts."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.catalogue.comparators import DescentSettings
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number


@dataclass(frozen=True)
class NegGradSegSettings(DescentSettings):
    """Tier 4: descend on the retain set, ascend on the forget set up to a bound."""

    ascent_weight: float = number(0.05, 0.0, 1.0, "Forget weight: how strongly the coarse label is pushed away.")
    flip_weight: float = number(1.0, 0.0, 10.0, "How strongly corrected pixels are pulled to background.")
    bound: float = number(4.605170185988092, 0.1, 100.0, "Loss at which pushing away stops, nats; ln 100 by default.")


@dataclass(frozen=True)
class BoundarySegSettings(DescentSettings):
    """Tier 4: relabel what is to be forgotten by what lies across the boundary, then fine-tune."""

    reach: float = number(
        0.15, 1e-6, 10.0, "How far a feature may move in search of the boundary, in standard deviations (head)."
    )
    image_reach: float = number(
        0.1, 1e-4, 1.0, "How far a pixel's colour may move in search of the boundary, from 0 to 1 (U-Net)."
    )
    search_steps: int = number(5, 1, 1000, "Steps of the search for the boundary; 1 is the published search.")
    first_step: float = number(
        0.4, 1e-3, 1.0, "First step of the search as a share of its reach; step t is smaller by the square root of t."
    )
    perturbation: float = number(1e-4, 0.0, 10.0, "Noise added to the gradient before its sign is taken.")
    pull: float = number(
        0.0, -10.0, 10.0, "How much the way already gone counts: positive pushes on, negative pulls back."
    )
    pull_decay: int = number(0, 0, 3, "How that fades: 0 not at all, 1 as 1/t, 2 exponentially, 3 linearly to zero.")
    retain_weight: float = number(
        1.0, 0.0, 100.0, "How strongly the kept pixels count against the forgotten ones; small values wreck outlines."
    )
    leave_lesion: int = number(
        1, 0, 1, "1 looks for background; 0, as published, for any other class, which may be another kind of lesion."
    )
    relabelled_batches: int = number(8, 1, 10000, "Batches of forgotten pixels that are relabelled, then used in turn.")


@dataclass(frozen=True)
class NewtonLcaSettings(Settings):
    """Tier 4: a damped Newton step, solved for with products of the Hessian."""

    damping: float = number(
        0.02, 0.0, 1000.0, "Added to every curvature; larger makes the step shorter and safer where the loss is flat."
    )
    newton_steps: int = number(5, 1, 100, "Newton steps; the published method takes one.")
    gradient_draws: int = number(1, 1, 1000, "Draws the gradient is averaged over; a head needs one, a U-Net many.")
    averages: int = number(2, 1, 1000, "Solutions that are averaged.")
    depth: int = number(300, 1, 100000, "Terms of each solution; more resolve flatter directions.")
    batch: int = number(1024, 16, 1048576, "Pixels in each product with the Hessian.")
    scale_margin: float = number(
        1.5, 1.0, 1000.0, "How far the scale of the solution stays above the measured largest curvature."
    )


@dataclass(frozen=True)
class SmoothedGradientSettings(Settings):
    """Tier 4: fit the retain set by smoothed, quantised gradients."""

    gradient_bound: float = number(
        1.0, 1e-6, 1e6, "Largest gradient of a single pixel (head) or of a group of 8 images (U-Net)."
    )
    smoothing: float = number(
        0.03, 1e-6, 1e3, "Spread of the noise that rounding is averaged over; 1 is the bound spread over all weights."
    )
    threshold: float = number(
        0.03, 0.0, 1e3, "Weights with a gradient below this stay put, in the same unit; below 0.43 smoothings none do."
    )
    step_size: float = number(0.01, 1e-9, 1.0, "How far each weight moves in the first step; falls to zero.")
    public_start: int = number(0, 0, 1, "1 fits from the public start, 0 from the weights in use.")
    steps: int = number(300, 1, 100000, "Steps.")
    batch: int = number(4096, 16, 1048576, "Pixels in a step.")


OPERATORS = (
    OperatorInfo(
        "neggrad-seg",
        "NegGrad-Seg",
        "empirical",
        "Empirical",
        "Pushes the forgotten labels away while holding on to the rest. Works on the numbers, promises nothing.",
        "Kurmanji et al., Towards Unbounded Machine Unlearning, NeurIPS 2023 (NegGrad+), bounded and per pixel.",
        NegGradSegSettings,
        "napari_unlearn.operators.neggrad_seg",
    ),
    OperatorInfo(
        "boundary-seg",
        "Boundary-Seg",
        "empirical",
        "Empirical",
        "Relabels the forgotten pixels with the class just across the decision boundary of the model in use, then "
        "fine-tunes. Promises nothing.",
        "Nahass et al., arXiv 2505.21872 (perturbed sign gradient), per pixel.",
        BoundarySegSettings,
        "napari_unlearn.operators.boundary_seg",
    ),
    OperatorInfo(
        "newton-lca",
        "Newton-LCA",
        "empirical",
        "Empirical",
        "Takes one damped Newton step towards a model of the kept pixels. No certificate: the published bound is never "
        "below the trivial one unless the loss is already strongly convex, where Certified head promises more.",
        "Zhang et al., Towards Certified Unlearning for Deep Neural Networks, ICML 2024 (LiSSA).",
        NewtonLcaSettings,
        "napari_unlearn.operators.newton_lca",
    ),
    OperatorInfo(
        "smoothed-gradient",
        "Smoothed gradient",
        "empirical",
        "Empirical",
        "Fits the kept pixels by smoothed gradients rounded to -1, 0 or 1. Its removal budget says how many pixels "
        "could leave this fit unnoticed, not that the model in use forgot any; for that, the first training would have "
        "to go the same way.",
        "Zhang et al., Prompt Certified Machine Unlearning, NeurIPS 2022 (PCMU, gradient smoothing).",
        SmoothedGradientSettings,
        "napari_unlearn.operators.smoothed_gradient",
    ),
)
"""Strongest first."""
