"""Clipped means against a loop over samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.sample_gradients import clipped_mean_gradient


def slope(problem: Any, weights: Tensor, inputs: Tensor, labels: Tensor) -> Tensor:
    leaf = weights.clone().requires_grad_()
    loss = functional.cross_entropy(problem.scores(leaf, inputs), labels, ignore_index=255)
    return torch.autograd.grad(loss, leaf)[0]


def by_hand(gradients: list[Tensor], bound: float) -> Tensor:
    return torch.stack([g * min(1.0, bound / float(g.norm())) for g in gradients]).mean(dim=0)


@pytest.mark.parametrize("bound", [0.3, 1.0, 100.0])
def test_every_pixel_of_a_head_is_shortened_by_itself(make_problem: Callable[..., HeadProblem], bound: float) -> None:
    problem = make_problem()
    weights = torch.from_numpy(problem.original).float()
    inputs, labels = problem.retain.draw(40, np.random.default_rng(0))
    found = clipped_mean_gradient(problem, weights, inputs, labels, bound)
    each = [slope(problem, weights, inputs[i : i + 1], labels[i : i + 1]) for i in range(40)]
    torch.testing.assert_close(found.gradient, by_hand(each, bound), rtol=1e-4, atol=1e-6)
    assert found.gradient.norm() <= bound
    expected = functional.cross_entropy(problem.scores(weights, inputs), labels)
    assert found.loss == pytest.approx(float(expected), rel=1e-5)
    assert found.samples == 40


def test_images_are_shortened_in_groups_because_they_are_normalised_together(pictures: Any) -> None:
    weights = torch.from_numpy(pictures.original).float()
    parts = [pictures.retain.draw(1, np.random.default_rng(seed)) for seed in (0, 1)]
    inputs, labels = (torch.cat(side) for side in zip(*parts, strict=True))
    found = clipped_mean_gradient(pictures, weights, inputs, labels, 0.05)
    each = [slope(pictures, weights, *part) for part in parts]
    assert min(float(g.norm()) for g in each) > 0.05
    torch.testing.assert_close(found.gradient, by_hand(each, 0.05), rtol=1e-4, atol=1e-7)
    assert found.samples == 2
