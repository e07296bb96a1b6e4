"""Bounded ascent on what is to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators import neggrad_seg
from napari_unlearn.operators.catalogue.empirical import NegGradSegSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.neggrad_seg import bounded_loss, operator

Sets = Callable[..., PixelSet]


class Scored:
    """Knows what a head says and nothing else."""

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        return inputs @ weights.T


SCORED: Any = Scored()


def tensors(pixels: PixelSet) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(pixels.features), torch.from_numpy(pixels.labels)


def entropies(weights: Tensor, features: Tensor, labels: Tensor) -> Tensor:
    return -torch.log_softmax(features @ weights.T, dim=1)[torch.arange(len(labels)), labels]


def make_weights(scale: float = 1.0) -> Tensor:
    return scale * torch.randn(3, 5, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize(("ascent", "flip", "bound"), [(0, 0, 4.6), (0, 1, 4.6), (0.3, 0, 4.6), (0.05, 1, 0.9)])
def test_the_loss_is_the_one_written_down(make_pixels: Sets, ascent: float, flip: float, bound: float) -> None:
    retain, forget = tensors(make_pixels()), tensors(make_pixels(40, seed=1, label=2))
    weights = make_weights()
    settings = NegGradSegSettings(ascent_weight=ascent, flip_weight=flip, bound=bound)
    kept = entropies(weights, *retain).mean()
    flipped = entropies(weights, forget[0], torch.zeros_like(forget[1])).mean()
    pushed = torch.minimum(entropies(weights, *forget), torch.tensor(bound)).mean()
    expected = kept + flip * flipped - ascent * pushed
    torch.testing.assert_close(bounded_loss(SCORED, weights, retain, forget, settings), expected)


def test_the_bound_stops_the_push(make_pixels: Sets) -> None:
    retain, forget = tensors(make_pixels()), tensors(make_pixels(40, seed=1, label=2))
    pushing, idle = (NegGradSegSettings(ascent_weight=w, flip_weight=0.0, bound=1.0) for w in (1.0, 0.0))
    slopes = []
    for settings in (pushing, idle):
        weights = make_weights(0)
        weights[2, -1] = -40  # the coarse class is as good as impossible: every forget pixel is above the bound
        weights.requires_grad_()
        bounded_loss(SCORED, weights, retain, forget, settings).backward()
        slopes.append(weights.grad)
    assert entropies(weights.detach(), *forget).min() > 1.0
    torch.testing.assert_close(slopes[0], slopes[1])


def test_below_the_bound_it_pushes_the_coarse_label_away(make_pixels: Sets) -> None:
    empty = torch.empty(0, 5), torch.empty(0, dtype=torch.int64)
    forget = tensors(make_pixels(40, seed=1, label=2))
    settings = NegGradSegSettings(ascent_weight=1.0, flip_weight=0.0)
    weights = make_weights(0.01).requires_grad_()
    loss = bounded_loss(SCORED, weights, tensors(make_pixels()), forget, settings)
    alone = bounded_loss(SCORED, weights, tensors(make_pixels()), empty, settings)
    (slope,) = torch.autograd.grad(loss - alone, weights)
    moved = (weights - 0.1 * slope).detach()
    assert entropies(moved, *forget).mean() > entropies(weights.detach(), *forget).mean()


def test_an_empty_forget_set_leaves_plain_fine_tuning(
    make_problem: Callable[..., HeadProblem], make_pixels: Sets, finish: Any
) -> None:
    problem = make_problem(forget_pixels=make_pixels(0), original=np.zeros((3, 5)))
    steps, revision = finish(operator, problem, NegGradSegSettings(steps=60, learning_rate=0.05))
    assert np.isfinite(revision.weights).all()
    assert steps[-1].metrics["loss"] < steps[0].metrics["loss"]
    convex = ConvexProblem(problem.retain_pixels, 3, 1e-3)
    before, after = (convex.loss_and_gradient(torch.from_numpy(w))[0] for w in (problem.original, revision.weights))
    assert after < before


def test_the_forgotten_label_becomes_less_likely(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    problem = make_problem(original=np.zeros((3, 5)))
    _, revision = finish(operator, problem, NegGradSegSettings(steps=60, learning_rate=0.05))
    features, labels = tensors(problem.forget_pixels)
    after = entropies(torch.from_numpy(revision.weights).float(), features, labels).mean()
    assert after > np.log(3)


def test_it_stops_with_the_last_good_head_when_the_retain_set_suffers(
    make_problem: Callable[..., HeadProblem], finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[np.ndarray] = []
    scores = iter([0.80, 0.85, 0.845, 0.83, 0.99])

    def scripted(_: HeadProblem, weights: np.ndarray) -> float:
        seen.append(weights.copy())
        return next(scores)

    monkeypatch.setattr(HeadProblem, "retain_dice", scripted)
    steps, revision = finish(operator, make_problem(), NegGradSegSettings(steps=200))
    # Start 0.80, then 0.85 and 0.845 (half a point below the best: still good), then 0.83, two points below: stop.
    assert len(seen) == 4
    np.testing.assert_array_equal(revision.weights, seen[2])
    assert len(steps) == 60
    assert steps[-1].message.startswith("Stopped")


def test_a_fit_that_suffers_at_once_changes_nothing(
    make_problem: Callable[..., HeadProblem], finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.9, 0.1])
    monkeypatch.setattr(HeadProblem, "retain_dice", lambda *_: next(scores))
    problem = make_problem()
    _, revision = finish(operator, problem, NegGradSegSettings(steps=200))
    np.testing.assert_array_equal(revision.weights, problem.original)


def test_a_fit_that_blows_up_changes_nothing(
    make_problem: Callable[..., HeadProblem], finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neggrad_seg, "bounded_loss", lambda _, weights, *__: weights.sum() * torch.nan)
    # The zero head finds no lesion at all, so no overlap can get worse.
    problem = make_problem(original=np.zeros((3, 5)))
    _, revision = finish(operator, problem, NegGradSegSettings(steps=20))
    np.testing.assert_array_equal(revision.weights, problem.original)


def test_it_promises_nothing(make_problem: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    steps, revision = finish(operator, make_problem(), NegGradSegSettings(steps=25), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
    assert [step.done for step in steps] == list(range(1, 26))


def test_the_same_seed_gives_the_same_head(make_problem: Callable[..., HeadProblem], finish: Any) -> None:
    settings = NegGradSegSettings(steps=25, batch=16)
    one, same, other = (finish(operator, make_problem(), settings, seed=seed)[1].weights for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
