"""The objective of the head against independent calculations."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch.nn import functional

from napari_unlearn.models import convex_head
from napari_unlearn.models.convex_head import ConvexProblem, PixelSet

MakePixels = Callable[..., PixelSet]
Array = NDArray[np.float64]


def dense(pixels: PixelSet, strength: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """The objective written down once more, for automatic differentiation."""
    x, y = torch.from_numpy(pixels.features).double(), torch.from_numpy(pixels.labels)
    a = torch.from_numpy(pixels.weights)

    def objective(weights: torch.Tensor) -> torch.Tensor:
        losses = functional.cross_entropy(x @ weights.T, y, reduction="none")
        return (a * losses).sum() / a.sum() + strength / 2 * weights.square().sum()

    return objective


def minimum(pixels: PixelSet, strength: float, classes: int = 3) -> Array:
    """The minimiser as scipy finds it."""
    objective, shape = dense(pixels, strength), (classes, pixels.features.shape[1])

    def value_and_slope(flat: Array) -> tuple[float, Array]:
        weights = torch.from_numpy(flat.reshape(shape)).requires_grad_()
        value = objective(weights)
        (slope,) = torch.autograd.grad(value, weights)
        return float(value.detach()), slope.numpy().ravel()

    options = {"gtol": 1e-12, "ftol": 0.0, "maxiter": 5000}
    found = minimize(value_and_slope, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(shape)


@pytest.mark.parametrize("block", [7, 10_000])
def test_loss_and_gradient_are_those_of_automatic_differentiation(
    make_pixels: MakePixels, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(convex_head, "_BLOCK", block)
    pixels = make_pixels()
    weights = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 5))).requires_grad_()
    expected = dense(pixels, 0.02)(weights)
    (slope,) = torch.autograd.grad(expected, weights)
    loss, gradient = ConvexProblem(pixels, 3, 0.02).loss_and_gradient(weights.detach())
    assert loss == pytest.approx(float(expected.detach()), rel=1e-12)
    assert gradient.dtype == torch.float64
    torch.testing.assert_close(gradient, slope, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("block", [7, 10_000])
def test_the_curvature_is_that_of_automatic_differentiation(
    make_pixels: MakePixels, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(convex_head, "_BLOCK", block)
    pixels = make_pixels()
    rng = np.random.default_rng(2)
    weights, direction = (torch.from_numpy(rng.normal(size=(3, 5))) for _ in range(2))
    _, expected = torch.autograd.functional.hvp(dense(pixels, 0.02), weights, direction)
    problem = ConvexProblem(pixels, 3, 0.02)
    probabilities = torch.softmax(torch.from_numpy(pixels.features) @ weights.float().T, dim=1)
    shares = torch.from_numpy(pixels.weights / pixels.weights.sum()).float()
    curved = problem._hessian(probabilities, shares, direction)
    torch.testing.assert_close(curved, expected, rtol=1e-4, atol=1e-6)


def test_newton_finds_the_minimum_that_scipy_finds(make_pixels: MakePixels) -> None:
    pixels = make_pixels(200)
    *_, last = ConvexProblem(pixels, 3, 0.01).newton(np.zeros((3, 5)), 30, 1e-12)
    assert last.residual <= 1e-12
    np.testing.assert_allclose(last.weights, minimum(pixels, 0.01), atol=1e-7)


@pytest.mark.parametrize("size", [0.0, 30.0, 1000.0])
def test_newton_gets_there_from_anywhere_and_never_climbs(make_pixels: MakePixels, size: float) -> None:
    pixels = make_pixels(200)
    start = np.random.default_rng(3).normal(size=(3, 5)) * size
    steps = list(ConvexProblem(pixels, 3, 0.01).newton(start, 60, 1e-10))
    np.testing.assert_array_equal(steps[0].weights, start)
    assert steps[-1].residual <= 1e-10
    assert all(b.loss <= a.loss + 1e-12 for a, b in itertools.pairwise(steps))
    np.testing.assert_allclose(steps[-1].weights, minimum(pixels, 0.01), atol=1e-6)


def test_newton_is_as_good_with_many_more_features_than_pixels(make_pixels: MakePixels) -> None:
    problem = ConvexProblem(make_pixels(30, features=150), 3, 1e-4)
    *_, last = problem.newton(np.zeros(problem.shape), 40, 1e-10)
    assert last.residual <= 1e-10


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples so small that a few hundred pixels are many."""
    monkeypatch.setattr(convex_head, "_SAMPLES", (40, 90))
    monkeypatch.setattr(convex_head, "_CURVED", 60)


@pytest.mark.usefixtures("small_samples")
def test_newton_finds_the_same_minimum_by_way_of_samples(make_pixels: MakePixels) -> None:
    pixels = make_pixels(500)
    steps = list(ConvexProblem(pixels, 3, 0.01).newton(np.zeros((3, 5)), 30, 1e-11))
    assert steps[-1].residual <= 1e-11
    assert all(b.loss <= a.loss for a, b in itertools.pairwise(steps))
    np.testing.assert_allclose(steps[-1].weights, minimum(pixels, 0.01), atol=1e-7)


@pytest.mark.usefixtures("small_samples")
def test_a_sample_brings_the_head_near_the_minimum_in_one_step(make_pixels: MakePixels) -> None:
    problem = ConvexProblem(make_pixels(500), 3, 0.01)
    *_, best = problem.newton(np.zeros((3, 5)), 30, 1e-11)
    start, first, *_ = problem.newton(np.zeros((3, 5)), 1, 1e-11)
    assert first.loss - best.loss < 0.1 * (start.loss - best.loss)
    assert (first.loss, first.residual) == (
        problem.loss_and_gradient(torch.from_numpy(first.weights))[0],
        problem.residual(first.weights),
    )


@pytest.mark.usefixtures("small_samples")
def test_no_sample_is_asked_near_the_minimum(make_pixels: MakePixels, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = ConvexProblem(make_pixels(500), 3, 0.01)
    *_, close = problem.newton(np.zeros((3, 5)), 30, 1e-4)
    monkeypatch.setattr(convex_head, "draw", None)
    monkeypatch.setattr(convex_head, "_CURVED", 500)
    *_, last = problem.newton(close.weights, 30, 1e-11)
    assert last.residual <= 1e-11


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_nothing_but_rounding(
    make_pixels: MakePixels, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.setattr(convex_head, "_BLOCK", 7)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    pixels = make_pixels()
    *_, last = ConvexProblem(pixels, 3, 0.01).newton(np.zeros((3, 5)), 30, 1e-12)
    np.testing.assert_allclose(last.weights, minimum(pixels, 0.01), atol=1e-7)


def test_newton_says_where_it_stands(make_pixels: MakePixels) -> None:
    problem = ConvexProblem(make_pixels(), 3, 0.01)
    for step in problem.newton(np.zeros((3, 5)), 3, 0.0):
        loss, gradient = problem.loss_and_gradient(torch.from_numpy(step.weights))
        assert (step.loss, step.residual) == (loss, float(gradient.norm())) == (loss, problem.residual(step.weights))


def test_newton_keeps_to_its_limits(make_pixels: MakePixels) -> None:
    problem = ConvexProblem(make_pixels(), 3, 0.01)
    start = np.zeros((3, 5))
    assert len(list(problem.newton(start, 2, 0.0))) == 3
    assert len(list(problem.newton(start, 50, 100.0))) == 1
    assert not start.any()


def test_newton_gives_up_where_nothing_is_finite(make_pixels: MakePixels) -> None:
    problem = ConvexProblem(make_pixels(), 3, 0.01)
    assert len(list(problem.newton(np.full((3, 5), np.nan), 5, 1e-6))) == 1


@given(seed=st.integers(0, 10_000), size=st.floats(0, 5), strength=st.sampled_from([1e-3, 0.05, 1.0]))
def test_no_head_is_farther_from_the_minimum_than_its_residual_allows(
    make_pixels: MakePixels, seed: int, size: float, strength: float
) -> None:
    problem = ConvexProblem(make_pixels(40, seed=seed), 3, strength)
    *_, best = problem.newton(np.zeros((3, 5)), 60, 1e-11)
    anywhere = np.random.default_rng(seed).normal(size=(3, 5)) * size
    reached = best.residual / strength
    assert np.linalg.norm(anywhere - best.weights) <= problem.residual(anywhere) / strength + reached + 1e-12


@pytest.mark.parametrize("factor", [0.01, 1e6])
def test_only_the_proportions_of_weights_matter(make_pixels: MakePixels, factor: float) -> None:
    pixels = make_pixels()
    scaled = PixelSet(pixels.features, pixels.labels, pixels.weights * factor)
    weights = torch.ones(3, 5, dtype=torch.float64)
    loss, gradient = ConvexProblem(pixels, 3, 0.01).loss_and_gradient(weights)
    other, other_gradient = ConvexProblem(scaled, 3, 0.01).loss_and_gradient(weights)
    assert other == pytest.approx(loss, rel=1e-12)
    torch.testing.assert_close(other_gradient, gradient)


def test_a_weight_of_two_is_the_pixel_twice(make_pixels: MakePixels) -> None:
    pixels = make_pixels()
    even = PixelSet(pixels.features, pixels.labels, np.ones(len(pixels)))
    twice = PixelSet(*(np.concatenate([part, part[:1]]) for part in (even.features, even.labels, even.weights)))
    even.weights[0] = 2
    weights = torch.ones(3, 5, dtype=torch.float64)
    losses = [ConvexProblem(p, 3, 0.01).loss_and_gradient(weights)[0] for p in (even, twice)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


@pytest.mark.parametrize("strength", [0.0, -1.0])
def test_a_problem_that_is_not_strongly_convex_is_refused(make_pixels: MakePixels, strength: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ConvexProblem(make_pixels(), 3, strength)


def test_a_problem_without_pixels_is_refused(make_pixels: MakePixels) -> None:
    with pytest.raises(ValueError, match="no pixel to fit"):
        ConvexProblem(make_pixels(0), 3, 0.1)
