"""Mean of the gradients of samples, each shortened to a bound first, so that no sample moves it far.

A sample of a head is a pixel. A U-Net normalises the images of a batch together, so that a single one has no gradient
of its own; its samples are groups of images, and whoever takes out an image changes one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.normalisation import BATCH
from napari_unlearn.operators.descent import cross_entropy
from napari_unlearn.operators.protocol import Problem


@dataclass(frozen=True, eq=False)
class ClippedMean:
    """Mean over samples.

    Attributes
    ----------
    loss : float
        Mean loss of the samples, nats.
    gradient : Tensor
        Mean of their clipped gradients, of the shape of the weights; its norm is at most the bound.
    samples : int
        How many there were.
    """

    loss: float
    gradient: Tensor
    samples: int


def clipped_mean_gradient(
    problem: Problem, weights: Tensor, inputs: Tensor, labels: Tensor, bound: float
) -> ClippedMean:
    """Mean over samples of clip(gradient of the sample's loss, bound).

    Parameters
    ----------
    problem : Problem
        Turns inputs into class scores.
    weights : Tensor of float32
        Where the gradients are taken.
    inputs, labels : Tensor
        From `Batches.draw`.
    bound : float
        Largest norm of a sample's gradient.

    Returns
    -------
    ClippedMean
    """
    if inputs.ndim == 2:
        return _of_pixels(problem, weights, inputs, labels, bound)
    return _of_groups(problem, weights, inputs, labels, bound)


def _of_pixels(problem: Problem, weights: Tensor, inputs: Tensor, labels: Tensor, bound: float) -> ClippedMean:
    # The gradient of a softmax regression at one pixel is (p - e_y) x^T, so its norm is a product of two norms and
    # weighting the losses shortens every gradient in a single pass.
    leaf = weights.detach().clone().requires_grad_()
    scores = problem.scores(leaf, inputs)
    errors = torch.softmax(scores.detach(), dim=1) - functional.one_hot(labels, scores.shape[1])
    norms = errors.norm(dim=1) * inputs.norm(dim=1)
    losses = functional.cross_entropy(scores, labels, reduction="none")
    (gradient,) = torch.autograd.grad((losses * _shortening(norms, bound)).mean(), leaf)
    return ClippedMean(float(losses.detach().mean()), gradient, len(inputs))


def _of_groups(problem: Problem, weights: Tensor, inputs: Tensor, labels: Tensor, bound: float) -> ClippedMean:
    groups = max(1, len(inputs) // BATCH)
    total, loss = torch.zeros_like(weights), 0.0
    for images, masks in zip(inputs.tensor_split(groups), labels.tensor_split(groups), strict=True):
        leaf = weights.detach().clone().requires_grad_()
        one = cross_entropy(problem, leaf, images, masks)
        (gradient,) = torch.autograd.grad(one, leaf)
        total += gradient * _shortening(gradient.norm(), bound)
        loss += float(one.detach())
    return ClippedMean(loss / groups, total / groups, groups)


def _shortening(norms: Tensor, bound: float) -> Tensor:
    return (bound / norms.clamp(min=1e-30)).clamp(max=1.0)
