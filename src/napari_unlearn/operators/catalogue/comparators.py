"""Tier 4: published methods to compare with, as web tools for classifiers offer them, carried over to pixels.

The selection follows Unlearning Comparator (arXiv 2508.12730). None of them promises anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number

_DROP = "The run stops, with the last good weights, once Dice on what is kept falls by this much; 1 never stops it."


@dataclass(frozen=True)
class DescentSettings(Settings):
    """What every descent needs."""

    learning_rate: float = number(3e-3, 1e-7, 1.0, "Step size of Adam.")
    steps: int = number(300, 1, 100000, "Steps.")
    batch: int = number(4096, 16, 1048576, "Pixels of each kind in a step.")


@dataclass(frozen=True)
class FineTuneSettings(DescentSettings):
    """Tier 4: go on from the model in use, on what may be kept alone."""

    steps: int = number(600, 1, 100000, "Steps.")


@dataclass(frozen=True)
class RetrainSettings(DescentSettings):
    """Tier 4: train anew on what may be kept."""

    learning_rate: float = number(1e-2, 1e-7, 1.0, "Step size of Adam.")
    steps: int = number(1000, 1, 100000, "Steps.")


@dataclass(frozen=True)
class GradientAscentSettings(DescentSettings):
    """Tier 4: climb on the forget set, with nothing to hold on to."""

    learning_rate: float = number(1e-4, 1e-7, 1.0, "Step size of Adam; small, because nothing bounds the climb.")
    largest_drop: float = number(0.01, 0.0, 1.0, _DROP)


@dataclass(frozen=True)
class RandomLabelSettings(DescentSettings):
    """Tier 4: teach forgotten pixels any class but the one to forget."""

    steps: int = number(600, 1, 100000, "Steps.")
    forget_weight: float = number(0.1, 0.0, 100.0, "Weight of the random labels relative to what is kept.")
    largest_drop: float = number(0.05, 0.0, 1.0, _DROP)


@dataclass(frozen=True)
class ScrubSettings(DescentSettings):
    """Tier 4: away from the model in use on the forget set, close to it on the rest."""

    steps: int = number(30, 1, 100000, "Steps of a pass that learns what is kept.")
    passes: int = number(10, 1, 1000, "Passes that learn what is kept.")
    pushes: int = number(3, 0, 1000, "Passes that push away from the model in use, each after a learning one.")
    push_steps: int = number(2, 1, 100000, "Steps of a pass that pushes.")
    alpha: float = number(0.1, 0.0, 100.0, "How strongly to stay close to the model in use on what is kept.")
    gamma: float = number(1.0, 0.0, 100.0, "How strongly to learn the labels that are kept.")
    temperature: float = number(2.0, 0.1, 100.0, "Above 1, unlikely classes count for more when models are compared.")
    largest_drop: float = number(0.05, 0.0, 1.0, _DROP)


@dataclass(frozen=True)
class SalUnSettings(RandomLabelSettings):
    """Tier 4: random labels, but only the weights that matter most to the forget set may move."""

    quantile: float = number(0.5, 0.0, 1.0, "Share of the weights that stay as they are, those that matter least.")


def _comparator(name: str, title: str, summary: str, source: str, settings: type[DescentSettings]) -> OperatorInfo:
    module = f"napari_unlearn.operators.{name.replace('-', '_')}"
    return OperatorInfo(name, title, "empirical", "Empirical", summary, source, settings, module)


OPERATORS = (
    _comparator(
        "fine-tune",
        "Fine-tuning",
        "Goes on training the model in use on what may be kept and hopes that the rest fades. Promises nothing.",
        "Baseline of the unlearning literature, for example Golatkar et al., CVPR 2020; per pixel.",
        FineTuneSettings,
    ),
    _comparator(
        "retrain",
        "Retraining",
        "Trains anew on what may be kept, as a yardstick. Where nothing but these weights ever saw a label the result "
        "depends on no forgotten one; use exact-refit to have that checked and certified.",
        "Baseline of the unlearning literature, for example Kurmanji et al., NeurIPS 2023; per pixel.",
        RetrainSettings,
    ),
    _comparator(
        "gradient-ascent",
        "Gradient ascent",
        "Warning: pushes the forgotten labels away without any bound, which is known to ruin models. It shows that; "
        "the run stops when what is kept begins to suffer. Promises nothing.",
        "Published as NegGrad, Golatkar et al., CVPR 2020; per pixel.",
        GradientAscentSettings,
    ),
    _comparator(
        "random-label",
        "Random labels",
        "Teaches forgotten pixels any class but the one to forget, while it learns what may be kept. Promises nothing.",
        "Golatkar et al., Eternal Sunshine of the Spotless Net, CVPR 2020; per pixel.",
        RandomLabelSettings,
    ),
    _comparator(
        "scrub",
        "SCRUB",
        "By turns moves away from the model in use where it is to forget and back to it where it is to remember. "
        "Promises nothing.",
        "Kurmanji et al., Towards Unbounded Machine Unlearning, NeurIPS 2023; per pixel.",
        ScrubSettings,
    ),
    _comparator(
        "salun",
        "Saliency unlearning (SalUn)",
        "Teaches forgotten pixels random labels, but changes only the weights that matter most to them. Promises "
        "nothing.",
        "Fan et al., SalUn: Empowering Machine Unlearning via Gradient-Based Weight Saliency, ICLR 2024; per pixel.",
        SalUnSettings,
    ),
)
"""From the plainest to the most elaborate."""
