"""Tier 2: operators that rest on the strong convexity of the head."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import MinimumSettings, number


@dataclass(frozen=True)
class ResidualHeadSettings(MinimumSettings):
    """Tier 2: the head in use is driven to the retain minimum and a trace of noise hides what is left."""

    iterations: int = number(60, 1, 1000, "At most so many Newton steps before the operator gives up.")
    residual: float = number(1e-8, 1e-14, 1e-2, "Largest gradient that is accepted; fixed before any data is seen.")


OPERATORS = (
    OperatorInfo(
        "residual-head",
        "Residual certificate",
        "certified",
        "Certified head",
        "Moves the present head to the best one for what may be kept and adds a trace of noise that hides where it "
        "came from.",
        "Guo et al., Certified Data Removal from Machine Learning Models, ICML 2020, carried over to pixels.",
        ResidualHeadSettings,
        "napari_unlearn.operators.residual_head",
        convex=True,
    ),
)
"""Strongest first."""
