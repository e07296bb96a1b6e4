"""Descent with a watch over the retain set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.catalogue.comparators import OPERATORS as COMPARATORS
from napari_unlearn.operators.catalogue.comparators import DescentSettings
from napari_unlearn.operators.descent import STOPPED, cross_entropy, descend, pull, retain_loss
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Revision, Step
from napari_unlearn.operators.registry import load

Problems = Callable[..., HeadProblem]


def follow(*arguments: Any, **named: Any) -> tuple[list[Step], np.ndarray]:
    *steps, revision = descend(*arguments, **named)
    assert isinstance(revision, Revision)
    return steps, revision.weights  # type: ignore[return-value]


def bowl(weights: Tensor, _: int) -> Tensor:
    return (weights - 1).square().sum()


def test_it_takes_the_steps_of_adam(make_problem: Problems) -> None:
    problem, settings = make_problem(), DescentSettings(steps=3, learning_rate=0.1)
    _, end = follow(problem, problem.original, bowl, settings, "down")
    x = problem.original.astype(np.float32).astype(float)
    m = v = np.zeros_like(x)
    for t in (1, 2, 3):
        g = 2 * (x - 1)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x = x - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(end, x, rtol=1e-5, atol=1e-6)


def test_it_tells_loss_at_every_step_and_dice_and_weights_where_it_looked(make_problem: Problems) -> None:
    problem, settings = make_problem(), DescentSettings(steps=45, learning_rate=1e-4)
    steps, end = follow(problem, problem.original, bowl, settings, "down")
    assert [(step.done, step.total, step.message) for step in steps] == [(t, 45, "down") for t in range(1, 46)]
    assert all("loss" in step.metrics for step in steps)
    looked = [step for step in steps if "retain_dice" in step.metrics]
    assert [step.done for step in looked] == [20, 40, 45]
    assert [step.done for step in steps if step.weights is not None] == [20, 40, 45]
    np.testing.assert_array_equal(looked[-1].weights, end)
    assert looked[0].metrics["retain_dice"] == problem.retain_dice(looked[0].weights)  # type: ignore[arg-type]


def test_the_loss_is_told_how_many_steps_were_done(make_problem: Problems) -> None:
    problem, seen = make_problem(), []

    def loss(weights: Tensor, done: int) -> Tensor:
        seen.append(done)
        return weights.sum()

    follow(problem, problem.original, loss, DescentSettings(steps=9), "down", steps=4)
    assert seen == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("largest_drop", "kept", "last"), [(0.01, 1, 4), (0.04, 2, 6), (1.0, 3, 8)], ids=["a point", "four", "never"]
)
def test_it_ends_with_the_last_good_weights_once_the_retain_set_suffers(
    make_problem: Problems, monkeypatch: pytest.MonkeyPatch, largest_drop: float, kept: int, last: int
) -> None:
    seen: list[np.ndarray] = []
    # The start, then what is seen after 2, 4, 6 and 8 steps.
    scores = iter([0.80, 0.85, 0.82, 0.0, 0.0])

    def scripted(_: HeadProblem, weights: np.ndarray) -> float:
        seen.append(weights.copy())
        return next(scores)

    monkeypatch.setattr(HeadProblem, "retain_dice", scripted)
    problem = make_problem()
    steps, end = follow(
        problem,
        problem.original,
        bowl,
        DescentSettings(steps=8),
        "down",
        largest_drop=largest_drop,
        look=lambda done: done % 2 == 0,
    )
    assert len(steps) == last
    stopped = largest_drop < 1
    assert (steps[-1].message == STOPPED) == stopped
    # Weights that were refused are no state to go back to.
    assert (steps[-1].weights is None) == stopped
    np.testing.assert_array_equal(end, seen[kept] if stopped else seen[-1])


def test_numbers_that_are_not_finite_are_never_kept(make_problem: Problems) -> None:
    problem = make_problem()
    steps, end = follow(
        problem, problem.original, lambda weights, _: weights.sum() * torch.nan, DescentSettings(steps=9), "down"
    )
    np.testing.assert_array_equal(end, problem.original)
    assert steps[-1].message == STOPPED


def test_weights_that_may_not_move_stay_bit_for_bit(make_problem: Problems) -> None:
    problem = make_problem()
    moving = np.zeros_like(problem.original, dtype=bool)
    moving[1] = True
    steps, end = follow(problem, problem.original, bowl, DescentSettings(steps=25), "down", moving=moving)
    np.testing.assert_array_equal(end[~moving], problem.original[~moving])
    assert (end[moving] != problem.original[moving]).all()
    np.testing.assert_array_equal(steps[19].weights[~moving], problem.original[~moving])  # type: ignore[index]


def test_the_retain_loss_over_every_pixel_is_the_convex_objective(
    make_problem: Problems, make_pixels: Callable[..., PixelSet]
) -> None:
    pixels = make_pixels()
    problem, settings = make_problem(retain_pixels=pixels), DescentSettings(strength=0.2, batch=200_000)
    weights = torch.from_numpy(problem.original).float()
    drawn = float(retain_loss(problem, weights, settings, np.random.default_rng(0)))
    exact, _ = ConvexProblem(pixels, 3, 0.2).loss_and_gradient(torch.from_numpy(problem.original))
    assert drawn == pytest.approx(exact, rel=0.02)
    assert float(pull(problem, weights, settings)) == pytest.approx(0.1 * (problem.original**2).sum(), rel=1e-5)


def test_pixels_without_a_label_have_no_say(make_problem: Problems) -> None:
    problem = make_problem()
    weights = torch.from_numpy(problem.original).float().requires_grad_()
    inputs, labels = problem.retain.draw(50, np.random.default_rng(0))
    some = torch.where(torch.arange(50) < 30, labels, 255)
    torch.testing.assert_close(
        cross_entropy(problem, weights, inputs, some), cross_entropy(problem, weights, inputs[:30], labels[:30])
    )
    nothing = cross_entropy(problem, weights, inputs, torch.full_like(labels, 255))
    assert nothing.item() == 0
    nothing.backward()
    assert not weights.grad.any()  # type: ignore[union-attr]


def test_only_a_head_is_pulled_to_zero(make_problem: Problems) -> None:
    # The public start of a U-Net may not be at hand, and its objective has no penalty.
    class Elsewhere:
        pass

    settings, weights = DescentSettings(strength=1.0), torch.ones(4)
    assert pull(make_problem(), weights, settings).item() == 2
    assert pull(Elsewhere(), weights, settings).item() == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("entry", COMPARATORS, ids=lambda entry: entry.name)
def test_every_comparator_revises_a_model_of_whole_images_too(entry: OperatorInfo, pictures: Any, finish: Any) -> None:
    settings = entry.settings(**{name: 3 for name in ("steps", "passes") if name in entry.parameters}, batch=16)
    steps, revision = finish(load(entry.name), pictures, settings)
    assert revision.weights.shape == pictures.original.shape
    assert np.isfinite([step.metrics["loss"] for step in steps]).all()
    assert not np.array_equal(revision.weights, pictures.original)
