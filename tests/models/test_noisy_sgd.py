"""Projected noisy SGD."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from napari_unlearn.models.bounded_pixels import BoundedPixels, ImagePixels, bounded
from napari_unlearn.models.bounded_training import NoisySteps
from napari_unlearn.models.head import Standardiser
from napari_unlearn.models.noisy_sgd import NoisySgd, batches, smoothness
from napari_unlearn.privacy.noise import SeededNoise
from napari_unlearn.privacy.pnsgd import relabelled_distance, relabelled_gradient

IMAGES, PIXELS, FEATURES, CLASSES = 7, 12, 4, 3
CONVEXITY, BATCH, RADIUS = 0.05, 3, 2.0


class Silent:
    certifies, description = False, "none"

    def gaussian(self, shape: Any, sigma: float) -> NDArray[np.float64]:
        return np.zeros(shape)


def make_pixels(seed: int = 0) -> BoundedPixels:
    """The same pixels for every seed, with labels and weights of their own."""
    features = np.random.default_rng(0).normal(size=(IMAGES, PIXELS, FEATURES)).astype(np.float32) * 3
    rng = np.random.default_rng([1, seed])
    labels = rng.integers(CLASSES, size=(IMAGES, PIXELS)).astype(np.uint8)
    pixels = bounded(ImagePixels(features, labels, "digest"), Standardiser(np.zeros(FEATURES), np.ones(FEATURES)))
    return dataclasses.replace(pixels, weights=pixels.weights * rng.choice([0, 0.3, 1], pixels.weights.shape))


def make(pixels: BoundedPixels, step_size: float | None = None, projection: float = RADIUS) -> NoisySgd:
    curvature = smoothness(pixels, CONVEXITY, BATCH, 0)
    numbers = NoisySteps(BATCH, 1, step_size or 1 / curvature, curvature, 0.01, projection, "tests")
    return NoisySgd(pixels, CLASSES, CONVEXITY, numbers, 0)


def reference_step(pixels: BoundedPixels, state: NDArray[np.float64], rows: NDArray[np.intp], eta: float) -> Any:
    """The update by automatic differentiation, image by image, without noise."""
    total = np.zeros_like(state)
    for i in rows:
        leaf = torch.from_numpy(state.copy()).requires_grad_()
        scores = torch.from_numpy(pixels.features[i]).double() @ leaf.T
        losses = torch.nn.functional.cross_entropy(scores, torch.from_numpy(pixels.labels[i]), reduction="none")
        (losses * torch.from_numpy(pixels.weights[i])).sum().backward()  # type: ignore[no-untyped-call]
        assert leaf.grad is not None
        total += leaf.grad.numpy()
    moved = state - eta * (total / BATCH + CONVEXITY * state)
    return moved * min(1, RADIUS / np.linalg.norm(moved))


def test_every_image_is_in_one_batch_and_the_order_is_fixed() -> None:
    order = batches(IMAGES, BATCH, 5)
    assert sorted(np.concatenate(order)) == list(range(IMAGES))
    assert [len(rows) for rows in order] == [3, 3, 1]
    for one, other in zip(order, batches(IMAGES, BATCH, 5), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(not np.array_equal(a, b) for a, b in zip(order, batches(IMAGES, BATCH, 6), strict=True))


@pytest.mark.parametrize("size", [0.1, 5.0])
def test_a_step_is_the_update_of_the_paper(size: float) -> None:
    pixels = make_pixels()
    sgd = make(pixels)
    state = size * np.random.default_rng(2).normal(size=(CLASSES, FEATURES + 1))
    for rows in batches(IMAGES, BATCH, 0):
        expected = reference_step(pixels, state, rows, sgd.numbers.step_size)
        np.testing.assert_allclose(sgd.step(state, rows, Silent()), expected, atol=1e-5)


def test_a_step_adds_noise_of_the_stated_variance() -> None:
    sgd = make(make_pixels(), projection=1e9)
    rows, state = batches(IMAGES, BATCH, 0)[0], np.zeros((CLASSES, FEATURES + 1))
    quiet, source = sgd.step(state, rows, Silent()), SeededNoise(1)
    drawn = np.array([sgd.step(state, rows, source) - quiet for _ in range(800)])
    assert drawn.var() == pytest.approx(2 * sgd.numbers.step_size * 0.01**2, rel=0.06)
    assert abs(drawn.mean()) < 1e-3


def test_the_start_has_the_stated_spread_and_stays_within_the_projection() -> None:
    free, source = make(make_pixels(), projection=1e9), SeededNoise(1)
    drawn = np.array([free.start(source) for _ in range(800)])
    assert drawn.var() == pytest.approx(2 * 0.01**2 / CONVEXITY, rel=0.06)
    tight = make(make_pixels(), projection=1e-3)
    assert np.linalg.norm(tight.start(source)) == pytest.approx(1e-3)


def test_smoothness_bounds_the_curvature_of_every_batch_at_any_head() -> None:
    pixels = make_pixels()
    bound, rng = smoothness(pixels, CONVEXITY, BATCH, 0), np.random.default_rng(3)
    largest = 0.0
    for rows in batches(IMAGES, BATCH, 0):
        for _ in range(3):
            state = torch.from_numpy(rng.normal(size=(CLASSES * (FEATURES + 1),)))

            def loss(flat: torch.Tensor, rows: Any = rows) -> torch.Tensor:
                x = torch.from_numpy(pixels.features[rows]).double().flatten(0, 1)
                labels = torch.from_numpy(pixels.labels[rows]).flatten()
                scores = x @ flat.view(CLASSES, -1).T
                each = torch.nn.functional.cross_entropy(scores, labels, reduction="none")
                return (each / PIXELS).sum() / BATCH + 0.5 * CONVEXITY * flat.square().sum()

            hessian = torch.autograd.functional.hessian(loss, state)  # type: ignore[no-untyped-call]
            largest = max(largest, float(torch.linalg.eigvalsh(hessian)[-1]))
    assert largest <= bound
    assert largest > 0.3 * bound


def test_the_clip_never_bites() -> None:
    for seed in range(3):
        pixels = make_pixels(seed)
        sgd = make(pixels)
        state = 50 * np.random.default_rng(seed).normal(size=(CLASSES, FEATURES + 1))
        norms = np.linalg.norm(sgd.gradients(state, np.arange(IMAGES)), axis=(1, 2))
        assert norms.max() <= relabelled_gradient(pixels.radius) * (1 - 1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_step_without_noise_brings_any_two_heads_closer(seed: int) -> None:
    sgd, rng = make(make_pixels(seed), projection=1e9), np.random.default_rng(seed)
    one, other = (size * rng.normal(size=(CLASSES, FEATURES + 1)) for size in (1.0, 3.0))
    ratio = 1 - sgd.numbers.step_size * CONVEXITY
    for rows in batches(IMAGES, BATCH, 0):
        before = np.linalg.norm(one - other)
        one, other = (sgd.step(state, rows, Silent()) for state in (one, other))
        assert np.linalg.norm(one - other) <= before * ratio * (1 + 1e-6)


def test_a_clipped_gradient_can_push_two_heads_apart() -> None:
    # Why the clip must not bite: on a quadratic with curvatures 1 and 100, a gradient shortened to length 1.
    curvature, eta = np.array([1.0, 100.0]), 1 / 100
    one, other = np.array([50.0, 0.5]), np.array([50.2, 0.502])

    def step(x: NDArray[np.float64], bound: float) -> NDArray[np.float64]:
        slope = curvature * x
        return x - eta * slope * min(1, bound / np.linalg.norm(slope))

    gap = np.linalg.norm(one - other)
    assert np.linalg.norm(step(one, np.inf) - step(other, np.inf)) < gap
    worst = 0.0
    for angle in np.linspace(0, np.pi, 60):
        near = one + 1e-4 * np.array([np.cos(angle), np.sin(angle)])
        worst = max(worst, float(np.linalg.norm(step(one, 1.0) - step(near, 1.0)) / 1e-4))
    assert worst > 1


@pytest.mark.parametrize("seed", range(1, 4))
def test_trainings_whose_labels_have_nothing_in_common_stay_within_the_distance(seed: int) -> None:
    runs = [make(make_pixels(s), projection=1e9) for s in (0, seed)]
    states = [np.zeros((CLASSES, FEATURES + 1))] * 2
    bound = relabelled_distance(feature_radius=runs[0].pixels.radius, strong_convexity=CONVEXITY, projection_radius=1e9)
    for _ in range(60):
        states = [next(run.epochs(state, 1, Silent())) for run, state in zip(runs, states, strict=True)]
        assert np.linalg.norm(states[0] - states[1]) <= bound
    assert np.linalg.norm(states[0] - states[1]) > 0.01 * bound
