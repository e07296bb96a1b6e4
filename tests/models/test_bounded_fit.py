"""Fitting a head on bounded features."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import BoundedRecipe, fit_bounded, mass, objective
from napari_unlearn.models.bounded_pixels import ImagePixels, bounded
from napari_unlearn.models.bounded_training import BoundedTraining, head_digest
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.training import FitStep
from napari_unlearn.privacy.noise import NoiseSource, SeededNoise

RECIPE = BoundedRecipe(pixels=30, strong_convexity=0.1, batch_size=5, epochs=20)


def fit(
    sample: Dataset, encoder: Encoder, recipe: BoundedRecipe = RECIPE, noise: NoiseSource | None = None
) -> tuple[list[FitStep], PixelHead, BoundedTraining]:
    *steps, made = fit_bounded(sample.split("train"), FeatureCache(encoder), 64, 3, recipe, 0, noise)
    assert isinstance(made, tuple)
    assert all(isinstance(step, FitStep) for step in steps)
    return steps, *made  # type: ignore[return-value]


def test_gradients_of_the_objective_are_those_of_a_mean_over_images() -> None:
    rng = np.random.default_rng(0)
    labels = rng.choice(np.array([0, 1, 2, 255], np.uint8), (5, 8))
    drawn = ImagePixels(rng.normal(size=(5, 8, 3)).astype(np.float32), labels, "digest")
    pixels = bounded(drawn, Standardiser(np.zeros(3), np.ones(3)))
    leaf = torch.from_numpy(rng.normal(size=(3, 4))).requires_grad_()
    scores = torch.from_numpy(pixels.features).double() @ leaf.T
    each = torch.nn.functional.cross_entropy(
        scores.flatten(0, 1), torch.from_numpy(pixels.labels).flatten(), reduction="none"
    )
    loss = (torch.from_numpy(pixels.weights).flatten() * each).sum() / 5 + 0.5 * 0.3 * leaf.square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    value, gradient = objective(pixels, 3, 0.3).loss_and_gradient(leaf.detach())
    assert 0 < mass(pixels) < 1
    assert mass(pixels) * value == pytest.approx(float(loss.detach()), rel=1e-6)
    np.testing.assert_allclose(mass(pixels) * gradient.numpy(), leaf.grad.numpy(), atol=1e-7)


def test_without_noise_it_is_the_minimum_and_with_noise_near_it(sample: Dataset, encoder: Encoder) -> None:
    steps, exact, record = fit(sample, encoder)
    recipe = dataclasses.replace(RECIPE, sigma=1e-4, epochs=300, batch_size=12)
    noisy_steps, noisy, noisy_record = fit(sample, encoder, recipe, SeededNoise(0))
    assert steps[-1].loss == pytest.approx(noisy_steps[-1].loss, abs=1e-3)
    assert np.linalg.norm(noisy.weights - exact.weights) < 0.05 * np.linalg.norm(exact.weights)
    assert record.steps is None
    assert noisy_record.steps is not None
    assert [step.done for step in steps] == list(range(len(steps)))
    assert noisy_steps[-1].done == noisy_steps[-1].total


def test_everything_that_the_account_needs_is_recorded(sample: Dataset, encoder: Encoder) -> None:
    source = SeededNoise(0)
    _, head, record = fit(sample, encoder, noise=source)
    steps = record.steps
    assert steps is not None
    assert (record.images, record.pixels, record.strong_convexity) == (12, 30, 0.1)
    assert record.head_sha256 == head_digest(head.weights)
    assert (steps.batch_size, steps.epochs, steps.sigma, steps.projection_radius) == (5, 20, 5e-4, 10.0)
    assert steps.step_size * steps.smoothness == pytest.approx(1)
    assert (steps.distance, steps.spent, steps.noise) == (0.0, 1, source.description)


def test_noise_makes_two_trainings_differ(sample: Dataset, encoder: Encoder) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=2)
    heads = [fit(sample, encoder, recipe, SeededNoise(seed))[1].weights for seed in (0, 0, 1)]
    np.testing.assert_array_equal(heads[0], heads[1])
    assert not np.array_equal(heads[0], heads[2])


def test_a_minimum_that_is_not_reached_is_refused(sample: Dataset, encoder: Encoder) -> None:
    with pytest.raises(UserError, match="did not reach its minimum .* choose a larger strength"):
        fit(sample, encoder, dataclasses.replace(RECIPE, tolerance=1e-30))
