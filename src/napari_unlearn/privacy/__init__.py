"""Numbers only: how much noise a guarantee needs, how much guarantee a noise gives, and the record that states it.

One module a mechanism, each with pure functions of numbers. Natural logarithms throughout; sigma is the standard
deviation of the noise added to each parameter. Boundary: numpy and scipy only; nothing here knows a model or a file.
"""

from __future__ import annotations

from napari_unlearn.privacy import (
    blockwise,
    gaussian_dp,
    gradient_clipping,
    model_clipping,
    newton,
    output_perturbation,
    planning,
    pnsgd,
    residual,
)
from napari_unlearn.privacy.certificate import Assumption, Certificate, TensorGroup
from napari_unlearn.privacy.noise import NoiseSource, OperatingSystemNoise, SeededNoise
from napari_unlearn.privacy.verification import check

__all__ = [
    "Assumption",
    "Certificate",
    "NoiseSource",
    "OperatingSystemNoise",
    "SeededNoise",
    "TensorGroup",
    "blockwise",
    "check",
    "gaussian_dp",
    "gradient_clipping",
    "model_clipping",
    "newton",
    "output_perturbation",
    "planning",
    "pnsgd",
    "residual",
]
