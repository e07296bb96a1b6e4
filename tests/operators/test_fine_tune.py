"""Fine-tuning on what may be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.operators.catalogue.comparators import FineTuneSettings
from napari_unlearn.operators.fine_tune import operator
from napari_unlearn.operators.head_problem import HeadProblem


def test_it_comes_to_the_retain_minimum_when_it_is_given_time(
    make_problem: Callable[..., HeadProblem], finish: Any
) -> None:
    problem = make_problem(original=np.zeros((3, 5)), strength=0.1)
    settings = FineTuneSettings(steps=400, learning_rate=0.02, batch=2048, strength=0.1)
    _, revision = finish(operator, problem, settings)
    *_, best = problem.convex.newton(problem.original, 30, 1e-9)
    loss, _ = problem.convex.loss_and_gradient(torch.from_numpy(revision.weights))
    assert loss == pytest.approx(best.loss, abs=2e-3)


def test_it_starts_from_the_weights_in_use(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    problem = make_problem()
    _, revision = finish(operator, problem, FineTuneSettings(steps=1, learning_rate=1e-3))
    # The first step of Adam moves every weight by its learning rate.
    np.testing.assert_allclose(np.abs(revision.weights - problem.original), 1e-3, rtol=1e-2)


def test_it_never_looks_at_the_forget_set(
    make_problem: Callable[..., HeadProblem], make_pixels: Any, finish: Any
) -> None:
    settings = FineTuneSettings(steps=20)
    one, other = (
        finish(operator, make_problem(forget_pixels=make_pixels(n, seed=n)), settings)[1].weights for n in (0, 30)
    )
    np.testing.assert_array_equal(one, other)


def test_it_promises_nothing(make_problem: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), FineTuneSettings(steps=2), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
