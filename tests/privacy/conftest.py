"""Certificates that hold, for tests to break."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from napari_unlearn.privacy import (
    Assumption,
    Certificate,
    OperatingSystemNoise,
    TensorGroup,
    blockwise,
    gaussian_dp,
    gradient_clipping,
    model_clipping,
    newton,
    output_perturbation,
    pnsgd,
    residual,
)
from napari_unlearn.privacy.accountant import ACCOUNTANT

EPSILON, DELTA = 1.0, 1e-5


def _parameters(mechanism: str) -> dict[str, float]:
    if mechanism == "residual":
        numbers = {"residual": 1e-6, "strong_convexity": 0.01, "approximate_runs": 2}
        return {
            "residual_bound": 1e-6,
            "strong_convexity": 0.01,
            "sensitivity": residual.sensitivity(**numbers),
            "sigma": residual.sigma(EPSILON, DELTA, **numbers),
        }
    if mechanism == "gradient-clipping":
        numbers = {"initial_radius": 2.0, "gradient_radius": 1.0, "step_size": 0.1, "steps": 12, "decay": 0.5}
        return {**numbers, "schedule": 0, "sigma": gradient_clipping.sigma(EPSILON, DELTA, **numbers)}
    if mechanism == "blockwise":
        numbers = {"initial_radius": 2.0, "gradient_radius": 1.0, "step_size": 0.1, "steps": 6, "decay": 0.5}
        numbers["blocks"] = 3
        return {**numbers, "sigma": blockwise.sigma(EPSILON, DELTA, **numbers)}
    if mechanism == "output-perturbation":
        return {"radius": 2.0, "sigma": output_perturbation.sigma(EPSILON, DELTA, radius=2.0)}
    if mechanism == "composition":
        allowed = gaussian_dp.mu(EPSILON, DELTA)
        return {"first_mu": 0.6 * allowed, "second_mu": 0.8 * allowed, "sigma": 1.0}
    if mechanism == "model-clipping":
        numbers = {"model_radius": 2.0, "steps": 12}
        sigma = model_clipping.sigma(EPSILON, DELTA, **numbers)
        reached = model_clipping.delta(EPSILON, sigma=sigma, **numbers)
        return {**numbers, "attempt_epsilon": EPSILON, "attempt_delta": reached, "sigma": sigma}
    if mechanism == "pnsgd":
        # sigma is what is left to choose; in a run it is given and the epochs are chosen.
        steps = {"step_size": 0.5, "strong_convexity": 0.05, "n": 12, "batch_size": 4}
        distance = pnsgd.relabelled_distance(feature_radius=2.0, strong_convexity=0.05, projection_radius=3.0)
        unit = pnsgd.mu(distance=distance, sigma=1.0, epochs=20, **steps)
        return {
            **steps,
            "images": 10,
            "smoothness": 1.9,
            "feature_radius": 2.0,
            "projection_radius": 3.0,
            "earlier_distance": 0.0,
            "earlier_epochs": 1,
            "distance": distance,
            "epochs": 20,
            "sigma": gaussian_dp.gaussian_sigma(unit, EPSILON, DELTA),
        }
    if mechanism == "newton-step":
        numbers = {"feature_radius": 2.0, "strong_convexity": 3.0, "drawn_pixels": 1000, "removed_pixels": 7}
        numbers["residual_bound"] = 1e-6
        sensitivity = newton.relabelled_sensitivity(**numbers)
        return {**numbers, "sensitivity": sensitivity, "sigma": newton.relabelled_sigma(EPSILON, DELTA, **numbers)}
    return {}


@pytest.fixture
def make_certificate() -> Callable[..., Certificate]:
    """A function that makes a valid certificate of a mechanism, with some fields replaced."""

    def make(mechanism: str = "residual", **replaced: Any) -> Certificate:
        tier = {"none-needed": "exact", "none": "empirical"}.get(mechanism, "certified")
        budget = {"exact": (0.0, 0.0), "certified": (EPSILON, DELTA), "empirical": (None, None)}[tier]
        gaussian = tier == "certified" and mechanism != "model-clipping"
        fields: dict[str, Any] = {
            "tier": tier,
            "operator": "an-operator",
            "mechanism": mechanism,
            "epsilon": budget[0],
            "delta": budget[1],
            "mu": gaussian_dp.mu(EPSILON, DELTA) if gaussian else None,
            "parameters": _parameters(mechanism),
            "assumptions": (Assumption("The encoder is public.", "its digest is that of the published file", True),),
            "hashes": dict.fromkeys(("retain_masks", "model_in", "model_out", "public_encoder"), 64 * "a"),
            "attempts": 1,
            "tensors": (
                TensorGroup(
                    "not covered" if tier == "empirical" else "covered", "revised", 64 * "b", ("head.weights",)
                ),
                TensorGroup("frozen public", "trained on: flowers", 64 * "c", ("encoder.a", "encoder.b")),
            ),
            "versions": {"napari-unlearn": "0.1.0", "accountant": ACCOUNTANT},
            "noise": OperatingSystemNoise.description if tier == "certified" else "none",
            "created": "2026-01-31T12:00:00+01:00",
        }
        return Certificate(**fields | replaced)

    return make
