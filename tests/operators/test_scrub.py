"""A student that leaves its teacher where it is to forget."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.operators.catalogue.comparators import ScrubSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.scrub import divergence, operator, schedule

Problems = Callable[..., HeadProblem]


def head(seed: int) -> torch.Tensor:
    return torch.randn(3, 5, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("temperature", [1.0, 2.0, 4.0])
def test_the_divergence_is_that_of_kullback_and_leibler(make_problem: Problems, temperature: float) -> None:
    problem = make_problem()
    drawn = problem.forget.draw(64, np.random.default_rng(0))
    teacher, student = head(0), head(1)
    wanted, shown = (
        np.exp(drawn[0].numpy().astype(float) @ w.numpy().T.astype(float) / temperature) for w in (teacher, student)
    )
    wanted, shown = (p / p.sum(1, keepdims=True) for p in (wanted, shown))
    expected = temperature**2 * (wanted * np.log(wanted / shown)).sum(1).mean()
    found = divergence(problem, teacher, student, drawn, ScrubSettings(temperature=temperature))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_it_is_zero_at_the_teacher_and_has_no_slope_there(make_problem: Problems) -> None:
    problem = make_problem()
    student = head(0).requires_grad_()
    drawn = problem.forget.draw(64, np.random.default_rng(0))
    found = divergence(problem, head(0), student, drawn, ScrubSettings())
    found.backward()
    assert abs(found.item()) < 1e-6
    assert student.grad.abs().max() < 1e-6  # type: ignore[union-attr]


def test_the_teacher_learns_nothing_and_unlabelled_pixels_do_not_count(make_problem: Problems) -> None:
    problem = make_problem()
    teacher = head(0).requires_grad_()
    student = head(1).requires_grad_()
    inputs, labels = problem.forget.draw(64, np.random.default_rng(0))
    some = torch.where(torch.arange(64) < 40, labels, 255)
    found = divergence(problem, teacher, student, (inputs, some), ScrubSettings())
    first = divergence(problem, teacher, student, (inputs[:40], labels[:40]), ScrubSettings())
    torch.testing.assert_close(found, first)
    found.backward()
    assert teacher.grad is None
    assert divergence(problem, teacher, student, (inputs, some * 0 + 255), ScrubSettings()).item() == 0


def test_pushes_follow_learning_and_are_judged_once_they_are_over() -> None:
    pushing, ends = schedule(ScrubSettings(steps=2, passes=4, pushes=2, push_steps=1))
    assert "".join("-" if push else "+" for push in pushing) == "++-++-++++"
    assert ends == {8, 10}


@pytest.mark.parametrize("passes", [1, 3])
def test_it_always_ends_with_learning(passes: int) -> None:
    pushing, ends = schedule(ScrubSettings(steps=3, passes=passes, pushes=50))
    assert not pushing[0]
    assert not any(pushing[-3:])
    assert ends == {len(pushing)}
    assert sum(pushing) == 2 * (passes - 1)


def test_a_learning_step_follows_its_formula(make_problem: Problems, make_pixels: Any, finish: Any) -> None:
    # One pixel, so that the draw is known; at the teacher the divergence is zero.
    problem = make_problem(retain_pixels=make_pixels(1, label=1))
    settings = ScrubSettings(steps=1, passes=1, alpha=7.0, gamma=3.0, strength=0.2)
    steps, _ = finish(operator, problem, settings)
    scores = problem.retain_pixels.features[0] @ problem.original.T
    entropy = np.log(np.exp(scores).sum()) - scores[1]
    assert steps[0].metrics["loss"] == pytest.approx(3 * entropy + 0.1 * (problem.original**2).sum(), rel=1e-4)


def test_a_pushing_step_moves_away_from_the_teacher(make_problem: Problems, finish: Any) -> None:
    problem = make_problem()
    settings = ScrubSettings(steps=1, passes=2, pushes=1, push_steps=6, learning_rate=1e-3)
    steps, _ = finish(operator, problem, settings)
    losses = [step.metrics["loss"] for step in steps[1:7]]
    assert all(later < earlier <= 0 for earlier, later in pairwise(losses))


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    steps, revision = finish(operator, make_problem(), ScrubSettings(steps=2, passes=3, pushes=1), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
    assert [(step.done, step.total) for step in steps] == [(t, 8) for t in range(1, 9)]
