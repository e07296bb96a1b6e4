"""The problem of revising a U-Net."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.unet import public_unet
from napari_unlearn.models.unet_training import UnetRecipe, segmentation_loss
from napari_unlearn.models.unet_weights import weights_of, with_weights
from napari_unlearn.operators.image_batches import LabelledImages
from napari_unlearn.operators.unet_problem import UnetProblem, evenly

SIZE, CLASSES = 32, 3


def discs(seed: int, count: int = 6) -> tuple[list[torch.Tensor], list[np.ndarray[Any, Any]]]:
    """Noise with a bright disc of class 1 or a dark one of class 2."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    images, labels = [], []
    for k in range(count):
        disc = (rows - rng.integers(10, 22)) ** 2 + (columns - rng.integers(10, 22)) ** 2 < 64
        kind = 1 + k % 2
        image = rng.integers(100, 130, (3, SIZE, SIZE)) + np.where(disc, (80, -80)[kind - 1], 0)
        images.append(torch.from_numpy(image.astype(np.uint8)))
        labels.append(np.where(disc, kind, 0).astype(np.uint8))
    return images, labels


@pytest.fixture(scope="module")
def make(encoder: Encoder) -> Callable[..., UnetProblem]:
    def problem(frozen: bool = True, **changes: Any) -> UnetProblem:
        network = public_unet(encoder, CLASSES, frozen, seed=0)
        images, labels = discs(0)
        kept = LabelledImages(images, labels, [1.0] * len(images))
        marked = [np.where(own > 0, 2, IGNORE).astype(np.uint8) for own in labels]
        parts: dict[str, Any] = {
            "network": network,
            "start": weights_of(network),
            "original": weights_of(public_unet(encoder, CLASSES, frozen, seed=5)),
            "classes": CLASSES,
            "retain": kept,
            "forget": LabelledImages(images, marked, [1.0] * len(images)),
            "refined": kept,
            "images": tuple(images),
            "steps": 2,
        }
        return UnetProblem(**parts | changes)

    return problem


@pytest.mark.parametrize("frozen", [True, False])
def test_scores_are_those_of_the_network_with_these_weights(make: Callable[..., UnetProblem], frozen: bool) -> None:
    problem = make(frozen)
    images, _ = problem.retain.draw(1, np.random.default_rng(0))
    network = with_weights(problem.network, problem.original).train()
    for layer in network.modules():  # drop-out would blur the comparison
        if not isinstance(layer, _BatchNorm):
            layer.training = False
    expected = network(images)
    for kind in (torch.float32, torch.float64):
        found = problem.scores(torch.from_numpy(problem.original).to(kind), images)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("frozen", [True, False])
def test_scores_are_differentiable_in_weights_and_images(make: Callable[..., UnetProblem], frozen: bool) -> None:
    problem = make(frozen)
    leaf = torch.from_numpy(problem.original).float().requires_grad_()
    images, labels = problem.forget.draw(1, np.random.default_rng(0))
    images.requires_grad_()
    loss = functional.cross_entropy(problem.scores(leaf, images), labels, ignore_index=IGNORE)
    for gradient in torch.autograd.grad(loss, (leaf, images)):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().sum() > 0


def test_the_gradient_is_that_of_the_loss(make: Callable[..., UnetProblem]) -> None:
    problem = make(frozen=False)
    loss, gradient = problem.loss_and_gradient(problem.original, np.random.default_rng(3))
    network = with_weights(problem.network, problem.original)
    images, labels = problem.retain.draw(1, np.random.default_rng(3))
    expected = segmentation_loss(network(images), labels)
    expected.backward()
    parts = [p.grad.reshape(-1) for p in network.parameters()]
    assert loss == pytest.approx(expected.item(), rel=1e-6)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, torch.cat(parts).double().numpy(), rtol=1e-3, atol=1e-6)


def test_a_step_against_the_gradient_lowers_the_loss(make: Callable[..., UnetProblem]) -> None:
    problem = make()
    loss, gradient = problem.loss_and_gradient(problem.original, np.random.default_rng(3))
    lower, _ = problem.loss_and_gradient(problem.original - 1e-3 * gradient, np.random.default_rng(3))
    assert lower < loss


def test_calculating_leaves_no_trace(make: Callable[..., UnetProblem]) -> None:
    problem = make(frozen=False)
    first = problem.revised(problem.original).stored_state()
    other = np.random.default_rng(0).normal(size=problem.original.shape)
    problem.loss_and_gradient(other, np.random.default_rng(0))
    list(problem.learn(other, 1, np.random.default_rng(0)))
    second = problem.revised(problem.original).stored_state()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("frozen", [True, False])
def test_it_learns_from_any_start_without_memory_of_the_last_time(
    make: Callable[..., UnetProblem], encoder: Encoder, frozen: bool
) -> None:
    problem = make(frozen, recipe=UnetRecipe(rate=5e-3))
    states = list(problem.learn(problem.public, 15, np.random.default_rng(0)))
    assert len(states) == 16
    assert states[0].weights is problem.public
    assert all(state.residual is None for state in states)
    assert states[-1].loss < 0.6 * states[0].loss
    assert problem.retain_dice(states[-1].weights) > 0.8 > problem.retain_dice(problem.public)
    again = list(problem.learn(problem.public, 15, np.random.default_rng(0)))
    np.testing.assert_array_equal(states[-1].weights, again[-1].weights)
    held = problem.network.layers.encoder.state_dict()
    if frozen:
        assert all(torch.equal(value, held[k]) for k, value in encoder.backbone.state_dict().items())


def test_no_round_is_the_start_itself(make: Callable[..., UnetProblem]) -> None:
    problem = make()
    (only,) = problem.learn(problem.original, 0, np.random.default_rng(0))
    assert only.weights is problem.original


def test_dice_is_counted_over_labelled_pixels_of_refined_cases(make: Callable[..., UnetProblem]) -> None:
    problem = make()
    both = total = 0
    images, labels = problem.refined.images, problem.refined.labels
    with torch.no_grad():
        filled = torch.stack([*images, *images[:2]]).float() / 255
        predicted = problem.scores(torch.from_numpy(problem.original), filled).argmax(1)[: len(images)] > 0
    hidden = [own.numpy().copy() for own in labels]
    for one in hidden:
        one[:16] = IGNORE
    for found, own in zip(predicted, labels, strict=True):
        both += int((found & (own > 0)).sum())
        total += int(found.sum()) + int((own > 0).sum())
    assert total > 0
    assert problem.retain_dice(problem.original) == pytest.approx(2 * both / total)
    part = dataclasses.replace(problem, refined=LabelledImages(images, hidden, [1.0] * len(images)))
    both = sum(int((f[16:] & (o[16:] > 0)).sum()) for f, o in zip(predicted, labels, strict=True))
    total = sum(int(f[16:].sum()) + int((o[16:] > 0).sum()) for f, o in zip(predicted, labels, strict=True))
    assert part.retain_dice(problem.original) == pytest.approx(2 * both / total)


def test_the_revised_network_is_made_of_weights_and_images_alone(make: Callable[..., UnetProblem]) -> None:
    problem, other = make(frozen=False), make(frozen=False)
    for layer in other.network.modules():
        if isinstance(layer, _BatchNorm):
            layer.running_mean.fill_(3.0)
    with torch.no_grad():
        for parameter in other.network.parameters():
            parameter.fill_(0.5)
    one, two = (each.revised(problem.original).stored_state() for each in (problem, other))
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    changed = dataclasses.replace(problem, images=tuple(255 - image for image in problem.images))
    assert any(not torch.equal(v, one[k]) for k, v in changed.revised(problem.original).stored_state().items())
    assert not problem.revised(problem.original).training


def test_without_a_public_encoder_there_is_no_public_start(make: Callable[..., UnetProblem]) -> None:
    with pytest.raises(UserError, match="not at hand, but this operator begins there; name it with --public-encoder"):
        _ = make(start=None).public


def test_the_network_passed_in_keeps_its_weights(make: Callable[..., UnetProblem]) -> None:
    problem = make()
    before = copy.deepcopy(weights_of(problem.network))
    list(problem.learn(problem.original, 1, np.random.default_rng(0)))
    problem.revised(problem.original)
    np.testing.assert_array_equal(weights_of(problem.network), before)


@pytest.mark.parametrize(("count", "expected"), [(1, [0]), (3, [0, 2, 4]), (5, [0, 1, 2, 3, 4]), (99, [0, 1, 2, 3, 4])])
def test_items_are_taken_from_everywhere(count: int, expected: list[int]) -> None:
    assert list(evenly(tuple(range(5)), count)) == expected
    assert evenly((), count) == ()
