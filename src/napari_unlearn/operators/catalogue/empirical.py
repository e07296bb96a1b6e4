"""Tier 4: operators that promise nothing; only what is measured counts."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number


@dataclass(frozen=True)
class NegGradSegSettings(Settings):
    """Tier 4: descend on the retain set, ascend on the forget set up to a bound."""

    ascent_weight: float = number(0.05, 0.0, 1.0, "Forget weight: how strongly the coarse label is pushed away.")
    flip_weight: float = number(1.0, 0.0, 10.0, "How strongly corrected pixels are pulled to background.")
    bound: float = number(4.605170185988092, 0.1, 100.0, "Loss at which pushing away stops, nats; ln 100 by default.")
    learning_rate: float = number(3e-3, 1e-7, 1.0, "Step size of Adam.")
    steps: int = number(300, 1, 100000, "Steps.")
    batch: int = number(4096, 16, 1048576, "Pixels of each kind in a step.")


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
)
"""Strongest first."""
