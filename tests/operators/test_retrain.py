"""Training anew on what may be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.operators.catalogue.comparators import RetrainSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.retrain import operator


def test_it_comes_to_the_retain_minimum_when_it_is_given_time(
    make_problem: Callable[..., HeadProblem], finish: Any
) -> None:
    problem = make_problem(strength=0.1)
    _, revision = finish(operator, problem, RetrainSettings(steps=400, learning_rate=0.02, batch=2048, strength=0.1))
    *_, best = problem.convex.newton(problem.public, 30, 1e-9)
    loss, _ = problem.convex.loss_and_gradient(torch.from_numpy(revision.weights))
    assert loss == pytest.approx(best.loss, abs=2e-3)


def test_neither_the_weights_in_use_nor_the_forget_set_have_a_say(
    make_problem: Callable[..., HeadProblem], make_pixels: Any, finish: Any
) -> None:
    settings = RetrainSettings(steps=20)
    one = finish(operator, make_problem(), settings)[1].weights
    replaced = make_problem(forget_pixels=make_pixels(9, seed=7), original=np.full((3, 5), 40.0))
    np.testing.assert_array_equal(finish(operator, replaced, settings)[1].weights, one)


def test_it_promises_nothing(make_problem: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), RetrainSettings(steps=2), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
