"""Quantised steps against the same steps written down once more."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm

from napari_unlearn.models.convex_head import ConvexProblem
from napari_unlearn.operators.catalogue.empirical import SmoothedGradientSettings
from napari_unlearn.operators.collapse import CollapseWatch
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.registry import info
from napari_unlearn.operators.smoothed_gradient import operator

Problems = Callable[..., HeadProblem]


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def reference(problem: HeadProblem, settings: SmoothedGradientSettings, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    w = problem.original.copy()
    unit = settings.gradient_bound / np.sqrt(w.size)
    for t in range(settings.steps):
        x, y = (side.numpy() for side in problem.retain.draw(settings.batch, rng))
        each = (softmax(x @ w.T) - np.eye(len(w))[y])[:, :, None] * x[:, None, :]
        norms = np.linalg.norm(each, axis=(1, 2))
        g = (each * np.minimum(1, settings.gradient_bound / norms)[:, None, None]).mean(axis=0) + settings.strength * w
        up, down = norm.cdf((g / unit - 0.3) / 0.2), norm.cdf((-g / unit - 0.3) / 0.2)
        direction = np.argmax([down, 1 - up - down, up], axis=0) - 1
        w -= settings.step_size * (1 - t / settings.steps) * direction
    return w


def test_it_takes_the_steps_that_are_written_down(
    make_problem: Problems, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CollapseWatch, "_signs", lambda *_: [])
    settings = SmoothedGradientSettings(steps=25, batch=64, step_size=0.05, smoothing=0.2, threshold=0.3)
    problem = make_problem()
    _, revision = finish(operator, problem, settings, seed=3)
    np.testing.assert_allclose(revision.weights, reference(problem, settings, 3), atol=1e-9)
    assert np.abs(revision.weights - problem.original).max() > 0.1


def test_the_fit_learns_what_is_kept(make_problem: Problems, finish: Any) -> None:
    problem = make_problem(original=np.zeros((3, 5)))
    steps, revision = finish(operator, problem, SmoothedGradientSettings(steps=60, batch=128, step_size=0.05))
    convex = ConvexProblem(problem.retain_pixels, 3, 1e-3)
    before, after = (convex.loss_and_gradient(torch.from_numpy(w))[0] for w in (problem.original, revision.weights))
    assert after < 0.6 * before
    assert [step.done for step in steps] == list(range(1, 61))
    np.testing.assert_array_equal(steps[-1].weights, revision.weights)


def test_it_can_begin_at_the_public_start(make_problem: Problems, finish: Any) -> None:
    settings = SmoothedGradientSettings(steps=30, batch=64, public_start=1)
    one, other = (
        finish(operator, make_problem(original=np.full((3, 5), value)), settings)[1].weights for value in (0.0, 7.0)
    )
    np.testing.assert_array_equal(one, other)


def test_the_removal_budget_is_that_of_the_worst_coordinate_and_step(make_problem: Problems, finish: Any) -> None:
    # A smoothing far above every gradient rounds all of them to 0, for as many pixels as fit under its radius.
    settings = SmoothedGradientSettings(
        steps=5, batch=400, smoothing=3.0, threshold=6.0, gradient_bound=0.5, strength=1e-8
    )
    problem = make_problem()
    steps, revision = finish(operator, problem, settings)
    np.testing.assert_array_equal(revision.weights, problem.original)
    unit = 0.5 / np.sqrt(15)
    largest = 0.5 * 0.5 * 3 * unit * (1.7 + 2)  # R at g = 0: s / 2 (Phi^-1(1 - 2 Phi(-2)) + 2), the most it can be
    budget = revision.numbers["removal_budget"]
    assert 0 < budget <= 400 * largest / 0.5
    assert budget == min(step.metrics["removal_budget"] for step in steps)
    assert revision.numbers["stable_share"] == 1


def test_one_undecided_coordinate_leaves_no_budget(make_problem: Problems, finish: Any) -> None:
    _, revision = finish(operator, make_problem(), SmoothedGradientSettings(steps=40, batch=64))
    assert revision.numbers["removal_budget"] == 0
    assert 0 <= revision.numbers["stable_share"] < 1


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), SmoothedGradientSettings(steps=5, batch=64), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
    assert info("smoothed-gradient").tier == "empirical"
    assert "not that the model in use forgot any" in info("smoothed-gradient").summary


def test_it_stops_with_the_last_good_weights_when_the_retain_set_suffers(
    make_problem: Problems, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, seen = iter([0.8, 0.85, 0.83]), []

    def scripted(_: HeadProblem, weights: np.ndarray) -> float:
        seen.append(weights.copy())
        return next(scores)

    monkeypatch.setattr(HeadProblem, "retain_dice", scripted)
    steps, revision = finish(operator, make_problem(), SmoothedGradientSettings(steps=200, batch=64))
    np.testing.assert_array_equal(revision.weights, seen[1])
    assert len(steps) == 40
    assert steps[-1].message.startswith("Stopped")


def test_it_revises_a_network_of_images(pictures: Any, finish: Any) -> None:
    settings = SmoothedGradientSettings(steps=40, batch=16, step_size=0.05)
    pictures = dataclasses.replace(pictures, original=np.zeros_like(pictures.original))
    _, revision = finish(operator, pictures, settings)
    rng = np.random.default_rng(0)
    before, after = (pictures.loss_and_gradient(w, rng)[0] for w in (pictures.original, revision.weights))
    assert revision.weights.shape == pictures.original.shape
    assert after < before
