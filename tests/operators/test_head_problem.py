"""The problem of revising a head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.head_problem import HeadProblem, PixelBatches

Sets = Callable[..., PixelSet]


def test_the_retain_objective_is_about_the_retain_set_alone(make_problem: Callable[..., HeadProblem]) -> None:
    problem = make_problem(strength=0.1)
    loss, gradient = problem.loss_and_gradient(problem.original, np.random.default_rng(0))
    weights = torch.from_numpy(problem.original)
    expected = ConvexProblem(problem.retain_pixels, 3, 0.1).loss_and_gradient(weights)
    assert loss == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])
    assert loss != pytest.approx(ConvexProblem(problem.forget_pixels, 3, 0.1).loss_and_gradient(weights)[0])


def test_scores_are_those_of_the_head(make_problem: Callable[..., HeadProblem]) -> None:
    problem = make_problem()
    inputs, labels = problem.retain.draw(7, np.random.default_rng(0))
    scores = problem.scores(torch.from_numpy(problem.original), inputs)
    assert labels.shape == (7,)
    np.testing.assert_allclose(scores, inputs.numpy() @ problem.original.T, rtol=1e-5)


def test_learning_ends_at_the_retain_minimum(make_problem: Callable[..., HeadProblem]) -> None:
    problem = make_problem(strength=0.1)
    *_, end = problem.learn(problem.public, 30, np.random.default_rng(0))
    assert end.residual is not None
    assert end.residual == pytest.approx(problem.convex.residual(end.weights))
    assert end.residual < 1e-9


def test_the_public_start_is_the_zero_head(make_problem: Callable[..., HeadProblem]) -> None:
    problem = make_problem()
    assert problem.public.shape == problem.original.shape
    assert not problem.public.any()


def test_pixels_are_drawn_as_often_as_they_weigh(make_pixels: Sets) -> None:
    pixels = make_pixels(3)
    pixels.weights[:] = [0.0, 1.0, 3.0]
    features, _ = PixelBatches(pixels).draw(4000, np.random.default_rng(0))
    shares = [(features == torch.from_numpy(row)).all(dim=1).float().mean() for row in pixels.features]
    np.testing.assert_allclose(shares, [0.0, 0.25, 0.75], atol=0.03)


def test_nothing_can_be_drawn_from_nothing(make_pixels: Sets) -> None:
    inputs, labels = PixelBatches(make_pixels(0)).draw(10, np.random.default_rng(0))
    assert (tuple(inputs.shape), tuple(labels.shape)) == ((0, 5), (0,))


def test_retain_dice_weighs_pixels() -> None:
    features = np.array([[1.0, 1.0], [1.0, 1.0], [-1.0, 1.0]], np.float32)
    head = np.array([[0.0, 0.0], [1.0, 0.0]])  # foreground wherever the feature is positive
    pixels = PixelSet(features, np.array([1, 0, 1]), np.array([2.0, 1.0, 3.0]))
    assert HeadProblem(pixels, pixels, head, 2, 1.0).retain_dice(head) == pytest.approx(2 * 2 / (3 + 5))
    nothing = PixelSet(features[2:], np.array([0]), np.array([1.0]))
    assert HeadProblem(nothing, pixels, head, 2, 1.0).retain_dice(head) == 1.0
