"""How much a model's predictions leak about spurious artefacts: mutual information, S_global, its interval and its map.

Boundary: numpy and scipy only; the masks come in as arrays and the numbers go out in nats.
"""

from __future__ import annotations

from napari_unlearn.leakage.estimate import Estimate
from napari_unlearn.leakage.global_leakage import s_global
from napari_unlearn.leakage.information import Estimator, mutual_information

__all__ = ["Estimate", "Estimator", "mutual_information", "s_global"]
