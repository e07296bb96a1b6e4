"""Fitting anew: a function of the retain set and of nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.catalogue.exact import ExactRefitSettings
from napari_unlearn.operators.exact_refit import operator
from napari_unlearn.operators.head_problem import HeadProblem

SETTINGS = ExactRefitSettings(strength=0.01, tolerance=1e-12)


def test_it_finds_the_minimum_of_the_retain_objective(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    problem = make_problem()
    _, revision = finish(operator, problem, SETTINGS)
    x, y = torch.from_numpy(problem.retain_pixels.features).double(), torch.from_numpy(problem.retain_pixels.labels)
    a = torch.from_numpy(problem.retain_pixels.weights)
    weights = torch.from_numpy(revision.weights).requires_grad_()
    losses = torch.nn.functional.cross_entropy(x @ weights.T, y, reduction="none")
    ((a * losses).sum() / a.sum() + 0.005 * weights.square().sum()).backward()
    assert float(weights.grad.norm()) < 1e-11
    assert revision.numbers["residual_reached"] <= 1e-12


def test_nothing_but_the_retain_set_matters(
    make_problem: Callable[..., HeadProblem], make_pixels: Callable[..., PixelSet], finish: Any
) -> None:
    _, first = finish(operator, make_problem(), SETTINGS)
    other = make_problem(original=np.full((3, 5), 1e3), forget_pixels=make_pixels(9, seed=8, label=1))
    _, second = finish(operator, other, SETTINGS, epsilon=8.0, seed=5)
    np.testing.assert_array_equal(second.weights, first.weights)
    _, third = finish(operator, make_problem(retain_pixels=make_pixels(seed=3)), SETTINGS)
    assert not np.allclose(third.weights, first.weights)


def test_it_needs_no_noise_and_says_so(make_problem: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), SETTINGS, silence)
    assert silence.asked == []
    assert (revision.mechanism, revision.noise, revision.noise_certifies) == ("none-needed", "none", True)


def test_it_tells_loss_and_residual(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    steps, revision = finish(operator, make_problem(), SETTINGS)
    losses = [step.metrics["loss"] for step in steps]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == pytest.approx(np.log(3))
    assert steps[-1].metrics["residual"] == revision.numbers["residual_reached"]
    assert all(0 <= step.done <= step.total for step in steps)


def test_it_tells_its_weights_as_soon_as_they_have_learned_something(
    make_problem: Callable[..., HeadProblem], finish: Any
) -> None:
    steps, revision = finish(operator, make_problem(), SETTINGS)
    assert steps[0].weights is None
    np.testing.assert_array_equal(steps[-1].weights, revision.weights)
