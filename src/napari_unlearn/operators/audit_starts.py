"""Tiny problems on which a certified operator reveals nearly as much as its account allows, so that an audit can bite.

An audit that starts from two models alike finds nothing, whatever the operator does wrong. So every operator gets the
two starts that its own proof has most trouble with: opposite points of a ball, or heads as far from a minimum as is
accepted, apart in the direction in which the loss does not tell heads from each other (the same vector added for every
class), because there nothing but the noise brings them together.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unlearn.models.bounded_fit import objective
from napari_unlearn.models.bounded_pixels import BoundedPixels, Whitening
from napari_unlearn.models.bounded_training import BoundedTraining, NoisySteps
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.noisy_sgd import smoothness
from napari_unlearn.operators.bounded_images import BoundedImages
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import FloatArray
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import pnsgd

CLASSES, WIDTH, PIXELS = 2, 3, 12


@dataclass(frozen=True, eq=False)
class Starts:
    """Two problems that share everything but the model in use.

    Attributes
    ----------
    settings : Settings
        Numbers for which the account of the operator is nearly tight; no post-processing.
    first, second : HeadProblem
        The problems; d = 6.
    """

    settings: Settings
    first: HeadProblem
    second: HeadProblem


def worst_starts(operator: OperatorInfo) -> Starts:
    """Make the two problems for an operator.

    Parameters
    ----------
    operator : OperatorInfo
        A certified one. One that is not known here is taken for one that clips the model in use into a ball.

    Returns
    -------
    Starts
    """
    return _STARTS.get(operator.name, _ball)(operator)


def _pixels() -> PixelSet:
    rng = np.random.default_rng(0)
    labels = np.arange(PIXELS) % CLASSES
    features = rng.normal(size=(PIXELS, WIDTH)) + labels[:, None]
    features[:, -1] = 1
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return PixelSet(features.astype(np.float32), labels.astype(np.int64), np.ones(PIXELS))


def _problem(original: FloatArray, strength: float, bounded: BoundedImages | None = None) -> HeadProblem:
    return HeadProblem(_pixels(), _pixels(), original, CLASSES, strength, bounded)


def _unseen() -> FloatArray:
    """Direction of length 1 along which scores of all classes grow alike, so that no loss notices."""
    return np.full((CLASSES, WIDTH), 1 / math.sqrt(CLASSES * WIDTH))


def _apart(settings: Settings, problem: HeadProblem, distance: float) -> Starts:
    half = distance / 2 * _unseen()
    first, second = (dataclasses.replace(problem, original=problem.original + sign * half) for sign in (-1, 1))
    return Starts(settings, first, second)


def _ball(operator: OperatorInfo) -> Starts:
    # No decay and next to no gradient: what is left is the ball and the noise.
    quiet: dict[str, Any] = {
        "finetune": 0,
        "repair": 0,
        "decay": 0.0,
        "gradient_radius": 1e-9,
        "step_size": 1e-3,
        "steps": 2,
        "blocks": 2,
    }
    names = {field.name for field in dataclasses.fields(operator.settings)}
    settings = operator.settings(**{name: value for name, value in quiet.items() if name in names})
    # Far outside of any ball, so that the operator's own clip puts them on opposite points of it.
    return _apart(settings, _problem(np.zeros((CLASSES, WIDTH)), settings.strength), 1e3)


def _residual(operator: OperatorInfo) -> Starts:
    residual, strength = 1e-3, 0.1
    settings = operator.settings(strength=strength, residual=residual)  # type: ignore[call-arg]
    problem = _problem(np.zeros((CLASSES, WIDTH)), strength)
    *_, best = problem.convex.newton(problem.original, 100, 1e-13)
    # Where the loss does not curve, the gradient is strength times the distance: within the bound, so nothing moves.
    return _apart(settings, dataclasses.replace(problem, original=best.weights), 2 * 0.99 * residual / strength)


def _bounded(convexity: float, steps: NoisySteps | None = None) -> BoundedImages:
    pixels, images = _pixels(), 4
    shape = (images, PIXELS // images)
    identity = Whitening(np.eye(WIDTH), np.eye(WIDTH))
    own = BoundedPixels(
        pixels.features.reshape(*shape, WIDTH),
        pixels.labels.reshape(shape),
        np.full(shape, 1 / shape[1]),
        float(np.linalg.norm(pixels.features, axis=1).max()),
        identity,
        "",
    )
    if steps is not None:
        curvature = smoothness(own, convexity, images, 0)
        steps = dataclasses.replace(steps, step_size=1 / curvature, smoothness=curvature)
    training = BoundedTraining(images, shape[1], own.radius, convexity, "", "", steps)
    return BoundedImages(training, 0, own, own.labels, np.ones(images, bool), np.zeros(images, bool))


def _pnsgd(operator: OperatorInfo) -> Starts:
    convexity, sigma, radius = 0.2, 2.0, 1e3
    bounded = _bounded(convexity, NoisySteps(4, 1, 0.0, 0.0, sigma, radius, "generator"))
    distance = pnsgd.relabelled_distance(
        feature_radius=bounded.training.feature_radius, strong_convexity=convexity, projection_radius=radius
    )
    settings = operator.settings()
    return _apart(settings, _problem(np.zeros((CLASSES, WIDTH)), settings.strength, bounded), distance)


def _newton(operator: OperatorInfo) -> Starts:
    convexity, residual = 1.0, 1e-2
    settings = operator.settings(residual=residual)  # type: ignore[call-arg]
    bounded = _bounded(convexity)
    *_, best = objective(bounded.pixels, CLASSES, convexity).newton(np.zeros((CLASSES, WIDTH)), 100, 1e-13)
    # Half of the accepted gradient: the linear system counts as solved before it is begun, so the step is zero.
    return _apart(settings, _problem(best.weights, settings.strength, bounded), 0.99 * residual / convexity)


_STARTS: Mapping[str, Callable[[OperatorInfo], Starts]] = {
    "residual-head": _residual,
    "pnsgd": _pnsgd,
    "newton-step": _newton,
}
