"""The step against the closed form of Newton's step on a head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.errors import UserError
from napari_unlearn.operators.catalogue.empirical import NewtonLcaSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.newton_lca import Curvature, operator
from napari_unlearn.operators.registry import info

Problems = Callable[..., HeadProblem]
EXACT = NewtonLcaSettings(
    strength=0.01, damping=0.05, newton_steps=1, averages=3, depth=400, batch=2000, scale_margin=2.0
)


def newton(problem: HeadProblem, damping: float, strength: float) -> np.ndarray:
    """w - (H + damping I)^-1 g with the dense Hessian of the retain objective."""
    x = torch.from_numpy(problem.retain_pixels.features).double()
    y, a = torch.from_numpy(problem.retain_pixels.labels), torch.from_numpy(problem.retain_pixels.weights)
    w = torch.from_numpy(problem.original)

    def objective(flat: torch.Tensor) -> torch.Tensor:
        losses = torch.nn.functional.cross_entropy(x @ flat.view(w.shape).T, y, reduction="none")
        return (a * losses).sum() / a.sum() + strength / 2 * flat.square().sum()

    flat = w.flatten()
    hessian = torch.autograd.functional.hessian(objective, flat)
    gradient = torch.autograd.functional.jacobian(objective, flat)
    step = torch.linalg.solve(hessian + damping * torch.eye(len(flat), dtype=torch.float64), gradient)
    return (flat - step).view(w.shape).numpy()


@pytest.fixture
def problem(make_problem: Problems) -> HeadProblem:
    return make_problem(original=0.3 * np.random.default_rng(2).normal(size=(3, 5)))


def test_the_step_is_newtons(problem: HeadProblem, finish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeadProblem, "retain_dice", lambda *_: 1.0)
    steps, revision = finish(operator, problem, EXACT)
    expected = newton(problem, EXACT.damping, EXACT.strength)
    length = np.linalg.norm(expected - problem.original)
    assert np.linalg.norm(revision.weights - expected) < 0.03 * length  # batches of 2000 draws from 120 pixels
    assert np.linalg.norm(revision.weights - newton(problem, 0.0, EXACT.strength)) > 0.03 * length
    assert revision.numbers["step_length"] == 1
    assert steps[-1].metrics["loss"] < problem.loss_and_gradient(problem.original, np.random.default_rng(0))[0]
    np.testing.assert_array_equal(steps[-1].weights, revision.weights)


def test_more_steps_come_to_the_minimum(problem: HeadProblem, finish: Any) -> None:
    settings = NewtonLcaSettings(strength=0.05, damping=0.0, newton_steps=4, depth=200, averages=1, batch=500)
    _, revision = finish(operator, problem, settings)
    *_, exact = HeadProblem(problem.retain_pixels, problem.forget_pixels, problem.original, 3, 0.05).learn(
        problem.original, 50, np.random.default_rng(0)
    )
    far, near = (np.linalg.norm(w - exact.weights) for w in (problem.original, revision.weights))
    assert near < 0.1 * far


def test_products_are_those_of_the_damped_hessian(problem: HeadProblem) -> None:
    settings = NewtonLcaSettings(strength=0.01, damping=0.2, batch=64)
    vector = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    found = Curvature(problem, problem.original, settings, np.random.default_rng(7))(vector)
    x, _ = problem.retain.draw(64, np.random.default_rng(7))
    p = torch.softmax(x @ torch.from_numpy(problem.original).float().T, dim=1)
    moved = p * (x @ vector.T)
    expected = (moved - p * moved.sum(dim=1, keepdim=True)).T @ x / 64 + 0.21 * vector
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_the_scale_is_above_the_norm_of_every_batch(problem: HeadProblem, finish: Any) -> None:
    _, revision = finish(operator, problem, NewtonLcaSettings(newton_steps=1, depth=2, batch=256))
    dense = []
    for seed in range(5):
        x, _ = problem.retain.draw(256, np.random.default_rng(seed))
        p = torch.softmax(x @ torch.from_numpy(problem.original).float().T, dim=1)
        curved = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        hessian = torch.einsum("nij,nk,nl->ikjl", curved, x, x).reshape(15, 15) / 256
        dense.append(float(torch.linalg.eigvalsh(hessian).max()) + 0.021)
    assert revision.numbers["scale"] > max(dense)


def test_a_step_that_harms_the_retain_set_is_shortened(
    problem: HeadProblem, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, seen = iter([0.8, 0.3, 0.7, 0.795]), []

    def scripted(_: HeadProblem, weights: np.ndarray) -> float:
        seen.append(weights.copy())
        return next(scores)

    monkeypatch.setattr(HeadProblem, "retain_dice", scripted)
    _, revision = finish(operator, problem, NewtonLcaSettings(newton_steps=1, depth=20))
    assert revision.numbers["step_length"] == 0.25
    np.testing.assert_array_equal(revision.weights, seen[3])
    np.testing.assert_allclose(seen[3] - seen[0], (seen[1] - seen[0]) / 4, atol=1e-12)


def test_where_no_part_of_the_step_is_borne_nothing_changes(
    problem: HeadProblem, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HeadProblem, "retain_dice", lambda _, w: float((w == problem.original).all()))
    steps, revision = finish(operator, problem, NewtonLcaSettings(newton_steps=3, depth=5))
    np.testing.assert_array_equal(revision.weights, problem.original)
    assert steps[-1].message.startswith("Stopped")
    assert revision.numbers["step_length"] == 0


def test_a_solution_that_runs_away_is_refused_with_the_remedy(
    problem: HeadProblem, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Curvature, "norm", lambda _: 1e-3)
    with pytest.raises(UserError, match="did not converge at a scale of 0.0015; choose a larger scale_margin"):
        finish(operator, problem, NewtonLcaSettings(newton_steps=1, depth=200))


def test_it_promises_nothing_and_says_why(problem: HeadProblem, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, problem, NewtonLcaSettings(newton_steps=1, depth=5), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
    entry = info("newton-lca")
    assert entry.badge == "Empirical"
    # Cards of the window show the summary as their tooltip.
    assert "No certificate: the published bound is never below the trivial one unless" in entry.summary


def test_it_revises_a_network_of_images(pictures: Any, finish: Any) -> None:
    settings = NewtonLcaSettings(newton_steps=1, damping=0.2, depth=20, averages=1, batch=16, gradient_draws=4)
    _, revision = finish(operator, pictures, settings)
    rng = np.random.default_rng(0)
    before, after = (pictures.loss_and_gradient(w, rng)[0] for w in (pictures.original, revision.weights))
    assert revision.weights.shape == pictures.original.shape
    assert after < before
