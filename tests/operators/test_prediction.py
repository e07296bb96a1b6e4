"""Trying an operator on a stand-in for the model in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from napari_unlearn.operators import gradient_clipping, residual_head
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.catalogue.certified_head import ResidualHeadSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.prediction import Rehearsal, rehearse, stand_in
from napari_unlearn.operators.protocol import Budget, Step


def last(items: Iterable[Any]) -> Any:
    *steps, end = items
    assert all(isinstance(step, Step) for step in steps)
    return end


def test_the_stand_in_depends_on_nothing_but_the_retain_set(
    make_problem: Callable[..., HeadProblem], make_pixels: Callable[..., Any]
) -> None:
    one = last(stand_in(make_problem()))
    other = last(stand_in(make_problem(original=np.full((3, 5), 7.0), forget_pixels=make_pixels(30, seed=5, label=1))))
    np.testing.assert_array_equal(one.original, other.original)
    assert one.convex.residual(one.original) <= 1e-9
    assert len(one.forget) == len(other.forget) == 0


def test_every_draw_has_noise_of_its_own_and_can_be_repeated(make_problem: Callable[..., HeadProblem]) -> None:
    problem = last(stand_in(make_problem()))
    settings = GradientClippingSettings(finetune=1)
    made, again = (
        last(rehearse(gradient_clipping.operator, problem, settings, Budget(1.0, 1e-5), 3, seed=4)) for _ in range(2)
    )
    assert isinstance(made, Rehearsal)
    assert len(made.revised) == len(made.public) == 3
    assert len({head.tobytes() for head in made.revised}) == 3
    assert len({head.tobytes() for head in made.public}) == 1
    np.testing.assert_array_equal(made.revised, again.revised)


def test_a_remembered_fit_from_the_public_start_is_the_same_fit(make_problem: Callable[..., HeadProblem]) -> None:
    plain, rng = make_problem(), np.random.default_rng(0)
    remembering = last(stand_in(plain))
    for rounds in (3, 3, 5):
        expected = [state.weights for state in plain.learn(plain.public, rounds, rng)]
        found = [state.weights for state in remembering.learn(plain.public, rounds, rng)]
        np.testing.assert_array_equal(found, expected)
    elsewhere = [state.weights for state in remembering.learn(plain.original, 3, rng)]
    np.testing.assert_array_equal(elsewhere, [state.weights for state in plain.learn(plain.original, 3, rng)])


def test_an_operator_without_a_reference_is_tried_from_the_public_start(
    make_problem: Callable[..., HeadProblem],
) -> None:
    problem = last(stand_in(make_problem()))
    made = last(rehearse(residual_head.operator, problem, ResidualHeadSettings(), Budget(1.0, 1e-5), 2, seed=0))
    assert (len(made.revised), len(made.public)) == (2, 1)
    assert made.public[0] == pytest.approx(problem.original, abs=1e-2)
    assert made.revised[0] == pytest.approx(made.public[0], abs=1e-2)
    assert not np.array_equal(made.revised[0], made.revised[1])
