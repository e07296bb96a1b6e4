"""What every operator gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from napari_unlearn.models.convex_head import ConvexProblem
from napari_unlearn.operators.protocol import HeadProblem, Revision


def test_the_retain_problem_is_about_the_retain_set_alone(make_problem: Callable[..., HeadProblem]) -> None:
    problem = make_problem()
    weights = torch.from_numpy(problem.original)
    loss, _ = problem.retain_problem(0.1).loss_and_gradient(weights)
    assert loss == ConvexProblem(problem.retain, 3, 0.1).loss_and_gradient(weights)[0]
    assert loss != pytest.approx(ConvexProblem(problem.forget, 3, 0.1).loss_and_gradient(weights)[0])


def test_a_revision_promises_nothing_unless_told(make_problem: Callable[..., HeadProblem]) -> None:
    revision = Revision(make_problem().original)
    assert (revision.mechanism, revision.noise, revision.reference) == ("none", "none", None)
