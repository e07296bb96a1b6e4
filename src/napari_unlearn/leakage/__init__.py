"""How much a model's predictions leak about spurious artefacts: mutual information, S_global, its interval and its map.

Boundary: numpy and scipy only; the masks come in as arrays and the numbers go out in nats.
"""

from __future__ import annotations

from napari_unlearn.leakage.bound import LeakageBound, leakage_bound
from napari_unlearn.leakage.difference import Difference, difference_of, leakage_difference
from napari_unlearn.leakage.estimate import MEANINGS, Estimate, Estimator
from napari_unlearn.leakage.global_leakage import estimate_leakage, s_global
from napari_unlearn.leakage.information import TableEstimator, mutual_information
from napari_unlearn.leakage.resampled import Interval
from napari_unlearn.leakage.tally import Tally

__all__ = [
    "MEANINGS",
    "Difference",
    "Estimate",
    "Estimator",
    "Interval",
    "LeakageBound",
    "TableEstimator",
    "Tally",
    "difference_of",
    "estimate_leakage",
    "leakage_bound",
    "leakage_difference",
    "mutual_information",
    "s_global",
]
