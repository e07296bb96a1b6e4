"""Random labels for what is to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from napari_unlearn.operators.catalogue.comparators import RandomLabelSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.random_label import operator, other_labels, random_label_loss

Problems = Callable[..., HeadProblem]


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_a_random_label_is_never_the_coarse_one_and_all_others_are_as_likely(classes: int) -> None:
    for coarse in range(classes):
        drawn = other_labels(torch.full((20_000,), coarse), classes, np.random.default_rng(coarse))
        share = torch.bincount(drawn, minlength=classes) / len(drawn)
        assert share[coarse] == 0
        others = share[torch.arange(classes) != coarse]
        # Five standard deviations of a share of 20,000 draws.
        assert (others - 1 / (classes - 1)).abs().max() < 5 * 0.5 / np.sqrt(20_000)


def test_pixels_without_a_label_get_none() -> None:
    labels = torch.tensor([[1, 255], [255, 2]])
    drawn = other_labels(labels, 3, np.random.default_rng(0))
    assert ((drawn == 255) == (labels == 255)).all()


@pytest.mark.parametrize("forget_weight", [0.0, 0.1, 2.0])
def test_the_loss_is_the_one_written_down(make_problem: Problems, make_pixels: Any, forget_weight: float) -> None:
    # One pixel on each side, so that whatever is drawn, the means are known.
    weights = np.random.default_rng(6).normal(size=(2, 5)).astype(np.float32)
    problem = make_problem(
        forget_pixels=make_pixels(1, label=1),
        retain_pixels=make_pixels(1, seed=5, label=1),
        classes=2,
        original=weights,
    )
    settings = RandomLabelSettings(forget_weight=forget_weight, strength=0.2, batch=16)

    def entropy(features: np.ndarray, label: int) -> float:
        scores = features[0] @ weights.T
        return float(np.log(np.exp(scores).sum()) - scores[label])

    # With two classes the other label is background.
    expected = (
        entropy(problem.retain_pixels.features, 1)
        + forget_weight * entropy(problem.forget_pixels.features, 0)
        + 0.1 * float((weights**2).sum())
    )
    loss = random_label_loss(problem, torch.from_numpy(weights), settings, np.random.default_rng(0))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_the_forgotten_label_becomes_less_likely(make_problem: Problems, finish: Any) -> None:
    problem = make_problem(original=np.zeros((3, 5)))
    settings = RandomLabelSettings(steps=60, learning_rate=0.05, forget_weight=1.0)
    _, revision = finish(operator, problem, settings)
    scores = torch.from_numpy(problem.forget_pixels.features @ revision.weights.T)
    assert scores.softmax(1)[:, 2].mean() < 1 / 3


def test_with_nothing_to_forget_it_fine_tunes(make_problem: Problems, make_pixels: Any, finish: Any) -> None:
    problem = make_problem(forget_pixels=make_pixels(0), original=np.zeros((3, 5)))
    steps, revision = finish(operator, problem, RandomLabelSettings(steps=60, learning_rate=0.05))
    assert np.isfinite(revision.weights).all()
    assert steps[-1].metrics["loss"] < steps[0].metrics["loss"]


def test_it_promises_nothing(make_problem: Problems, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, make_problem(), RandomLabelSettings(steps=2), silence)
    assert (revision.mechanism, revision.noise, silence.asked) == ("none", "none", [])
