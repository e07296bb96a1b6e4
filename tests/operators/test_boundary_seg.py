"""Relabelling by the boundary, and the fine-tuning that follows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.boundary_seg import lesion_scores, operator, relabel
from napari_unlearn.operators.catalogue.empirical import BoundarySegSettings
from napari_unlearn.operators.head_problem import HeadProblem

Problems = Callable[..., HeadProblem]
SHORT = BoundarySegSettings(steps=40, batch=64, relabelled_batches=3, learning_rate=0.03)


def forget_batch(problem: HeadProblem, n: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    return problem.forget.draw(n, np.random.default_rng(0))


def test_background_leads_among_two_where_it_leads_among_all() -> None:
    scores = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    together = lesion_scores(scores)
    assert together.shape == (200, 2)
    assert torch.equal(together.argmax(1) == 0, scores.argmax(1) == 0)


def test_as_published_the_label_is_that_of_the_model_in_use_one_signed_step_away(make_problem: Problems) -> None:
    problem = make_problem()
    settings = BoundarySegSettings(leave_lesion=0, reach=0.2, search_steps=1, first_step=1.0, perturbation=0.0)
    inputs, coarse = forget_batch(problem)
    found = relabel(problem, inputs, coarse, settings, torch.Generator())
    weights = torch.from_numpy(problem.original).float()
    said = inputs @ weights.T
    step = ((torch.softmax(said, dim=1) - functional.one_hot(coarse, 3)) @ weights).sign()
    step[:, -1] = 0
    across = torch.where((said.argmax(1) != coarse)[:, None], said, (inputs + 0.2 * step) @ weights.T).argmax(1)
    assert torch.equal(found.crossed, across != coarse)
    assert torch.equal(found.labels, torch.where(across != coarse, across, 0))
    # All three cases occur, or this would show little.
    assert {0, 1} <= set(found.labels[found.crossed].tolist())
    assert 0 < int(found.crossed.sum()) < len(coarse)


def test_leaving_the_lesion_never_gives_another_kind_of_lesion(make_problem: Problems) -> None:
    problem = make_problem()
    inputs, coarse = forget_batch(problem)
    near, far = (
        relabel(problem, inputs, coarse, BoundarySegSettings(reach=reach), torch.Generator().manual_seed(0))
        for reach in (0.05, 2.0)
    )
    assert near.labels.tolist() == far.labels.tolist() == [0] * len(coarse)
    assert int(near.crossed.sum()) < int(far.crossed.sum())


def test_an_image_is_searched_within_the_reach_of_colours(pictures: Any) -> None:
    inputs, coarse = pictures.forget.draw(1, np.random.default_rng(0))
    short, long = (
        relabel(pictures, inputs, coarse, BoundarySegSettings(image_reach=reach), torch.Generator().manual_seed(0))
        for reach in (1e-4, 0.5)
    )
    assert int(short.crossed.sum()) < int(long.crossed.sum())
    assert torch.equal(short.labels == 255, coarse == 255)


def test_the_forgotten_label_becomes_less_likely_and_the_rest_is_learned(make_problem: Problems, finish: Any) -> None:
    problem = make_problem(original=np.zeros((3, 5)))
    _, revision = finish(operator, problem, SHORT)
    features = problem.forget_pixels.features @ revision.weights.T.astype(np.float32)
    coarse = torch.from_numpy(problem.forget_pixels.labels)
    assert functional.cross_entropy(torch.from_numpy(features), coarse) > np.log(3)
    rng = np.random.default_rng(0)
    assert problem.loss_and_gradient(revision.weights, rng)[0] < problem.loss_and_gradient(problem.original, rng)[0]


def test_the_weight_of_what_is_kept_counts(make_problem: Problems, finish: Any) -> None:
    problem, losses = make_problem(original=np.zeros((3, 5))), []
    for weight in (0.01, 10.0):
        settings = BoundarySegSettings(
            steps=40, batch=64, relabelled_batches=3, learning_rate=0.03, retain_weight=weight
        )
        _, revision = finish(operator, problem, settings)
        losses.append(problem.loss_and_gradient(revision.weights, np.random.default_rng(0))[0])
    assert losses[1] < losses[0]


def test_it_tells_how_many_pixels_crossed(make_problem: Problems, finish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HeadProblem, "retain_dice", lambda *_: 1.0)
    steps, revision = finish(operator, make_problem(), SHORT)
    assert [step.done for step in steps] == list(range(1, 44))
    assert {step.total for step in steps} == {43}
    assert steps[2].metrics == revision.numbers
    assert 0 < revision.numbers["crossed_share"] <= 1
    assert revision.numbers["background_share"] == 1
    assert {"loss", "retain_dice"} <= steps[-1].metrics.keys()
    assert steps[-1].weights is not None


def test_an_empty_forget_set_leaves_plain_fine_tuning(
    make_problem: Problems, make_pixels: Callable[..., PixelSet], finish: Any
) -> None:
    problem = make_problem(forget_pixels=make_pixels(0), original=np.zeros((3, 5)))
    steps, revision = finish(operator, problem, SHORT)
    assert dict(revision.numbers) == {}
    assert steps[-1].metrics["loss"] < steps[3].metrics["loss"]
    assert np.isfinite(revision.weights).all()


def test_it_stops_with_the_last_good_weights_when_the_retain_set_suffers(
    make_problem: Problems, finish: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, seen = iter([0.80, 0.85, 0.83]), []

    def scripted(_: HeadProblem, weights: np.ndarray) -> float:
        seen.append(weights.copy())
        return next(scores)

    monkeypatch.setattr(HeadProblem, "retain_dice", scripted)
    steps, revision = finish(operator, make_problem(), BoundarySegSettings(steps=200, batch=64))
    np.testing.assert_array_equal(revision.weights, seen[1])
    assert steps[-1].message.startswith("Stopped")


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), SHORT, silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])


def test_the_same_seed_gives_the_same_weights(make_problem: Problems, finish: Any) -> None:
    one, same, other = (finish(operator, make_problem(), SHORT, seed=seed)[1].weights for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_it_revises_a_network_of_images(pictures: Any, finish: Any) -> None:
    settings = BoundarySegSettings(steps=30, batch=16, relabelled_batches=2, learning_rate=0.02)
    pictures = dataclasses.replace(pictures, original=np.zeros_like(pictures.original))
    _, revision = finish(operator, pictures, settings)
    rng = np.random.default_rng(0)
    before, after = (pictures.loss_and_gradient(w, rng)[0] for w in (pictures.original, revision.weights))
    assert after < before
