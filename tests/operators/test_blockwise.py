"""The mechanism against a reference, and against the ways in which it would let forgotten labels through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import chi2

from napari_unlearn.errors import UserError
from napari_unlearn.operators.blockwise import blocks_of, operator
from napari_unlearn.operators.catalogue.certified_ball import BlockwiseSettings, GradientClippingSettings
from napari_unlearn.operators.gradient_clipping import operator as gradient_clipping
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.gradient_clipping import sensitivity
from napari_unlearn.privacy.noise import SeededNoise
from napari_unlearn.privacy.verification import check

Array = NDArray[np.float64]
SETTINGS = BlockwiseSettings(
    strength=0.01,
    initial_radius=0.7,
    gradient_radius=0.05,
    step_size=0.1,
    decay=3.0,
    steps=4,
    blocks=3,
    repair=2,
    finetune=0,
)


def gradient(problem: HeadProblem, flat: Array) -> Array:
    """Gradient of the retain objective by automatic differentiation."""
    x, y = torch.from_numpy(problem.retain_pixels.features).double(), torch.from_numpy(problem.retain_pixels.labels)
    a = torch.from_numpy(problem.retain_pixels.weights)
    w = torch.from_numpy(flat.copy()).requires_grad_()
    losses = torch.nn.functional.cross_entropy(x @ w.reshape(3, 5).T, y, reduction="none")
    ((a * losses).sum() / a.sum() + SETTINGS.strength / 2 * w.square().sum()).backward()
    return w.grad.numpy()


def shorten(vector: Array, radius: float) -> Array:
    return vector * min(1.0, radius / np.sqrt(np.sum(vector**2)))


def sigma(epsilon: float = 1.0, blocks: int = SETTINGS.blocks) -> float:
    """Each block is gradient clipping with its share of the ball and of the budget."""
    s = SETTINGS
    one = sensitivity(
        initial_radius=s.initial_radius / np.sqrt(blocks),
        gradient_radius=s.gradient_radius,
        step_size=s.step_size,
        steps=s.steps,
        decay=s.decay,
    )
    return one / (gaussian_dp.mu(epsilon, 1e-5) / np.sqrt(blocks))


def reference(
    problem: HeadProblem,
    noise: Any,
    *,
    clip_block: Callable[[Array], Array] = lambda w: shorten(w, SETTINGS.initial_radius / np.sqrt(3)),
    shorten_gradient: Callable[[Array], Array] = lambda g: shorten(g, SETTINGS.gradient_radius),
    decay_inside: bool = False,
    noise_factor: float = 1.0,
    repair_everything: bool = False,
    order: int = 0,
) -> Array:
    """The mechanism written down once more; each keyword is a mistake."""
    s, w = SETTINGS, problem.original.ravel().copy()
    positions = np.random.default_rng(order).permutation(15) if order else np.arange(15)
    for b in range(3):
        part = positions[5 * b : 5 * b + 5]
        w[part] = clip_block(w[part])
        for _ in range(s.steps):
            g, pull = gradient(problem, w)[part], s.decay * w[part]
            direction = shorten_gradient(g + pull) if decay_inside else shorten_gradient(g) + pull
            w[part] = w[part] - s.step_size * direction + noise_factor * noise.gaussian((5,), sigma())
        later = positions if repair_everything else positions[5 * b + 5 :]
        for _ in range(s.repair if b < 2 else 0):
            w[later] -= s.step_size * shorten_gradient(gradient(problem, w)[later])
    return w.reshape(3, 5)


@pytest.fixture
def problem(make_problem: Callable[..., HeadProblem]) -> HeadProblem:
    return make_problem()


@pytest.mark.parametrize("order", [0, 7])
def test_it_does_what_the_mechanism_says(problem: HeadProblem, finish: Any, planned: Any, order: int) -> None:
    _, revision = finish(operator, problem, replace(SETTINGS, order=order), planned())
    np.testing.assert_allclose(revision.weights, reference(problem, planned(), order=order), rtol=1e-9)


@pytest.mark.parametrize(
    ("mistake", "options"),
    [
        ("the whole radius for each block", {"clip_block": lambda w: shorten(w, SETTINGS.initial_radius)}),
        ("no clip of a block", {"clip_block": lambda w: w}),
        ("the clip after the decay was added", {"decay_inside": True}),
        ("the gradient not clipped", {"shorten_gradient": lambda g: g}),
        ("noise scaled by the step size", {"noise_factor": SETTINGS.step_size}),
        ("finished blocks moved by what is not hidden yet", {"repair_everything": True}),
        ("other blocks", {"order": 7}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_makes_none_of_these_mistakes(
    problem: HeadProblem, finish: Any, planned: Any, mistake: str, options: dict[str, Any]
) -> None:
    _, revision = finish(operator, problem, SETTINGS, planned())
    assert np.abs(revision.weights - reference(problem, planned(), **options)).max() > 1e-4, mistake


def test_one_block_is_gradient_clipping(problem: HeadProblem, finish: Any, planned: Any) -> None:
    clipping = GradientClippingSettings(
        strength=0.01, initial_radius=0.7, gradient_radius=0.05, step_size=0.1, decay=3.0, steps=4, finetune=0
    )

    class Flat(type(planned())):  # type: ignore[misc]
        def gaussian(self, shape: tuple[int, ...], sigma: float) -> Array:
            return super().gaussian((15,), sigma).reshape(shape)

    _, one = finish(operator, problem, replace(SETTINGS, blocks=1), Flat())
    _, other = finish(gradient_clipping, problem, clipping, Flat())
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-12)
    assert one.numbers["sigma"] == other.numbers["sigma"]


class Spy(HeadProblem):
    """A problem whose gradient is as bad as a gradient can be: it copies the weights that it is asked about."""

    def loss_and_gradient(self, weights: Array, rng: np.random.Generator) -> tuple[float, Array]:
        return 0.0, -1e6 * np.roll(weights.ravel(), 5).reshape(weights.shape)


def test_without_noise_no_block_ends_farther_apart_than_was_accounted_for(
    problem: HeadProblem, finish: Any, silence: Any
) -> None:
    # Two models at opposite ends, gradients that carry what other blocks hold, many repairs: what is left of the
    # difference in each block stays below its sensitivity, counted without the help of noise in between.
    s = replace(SETTINGS, repair=20)
    ends = []
    for sign in (1.0, -1.0):
        spy = Spy(problem.retain_pixels, None, sign * np.full((3, 5), 50.0), 3, problem.strength)
        ends.append(finish(operator, spy, s, silence)[1].weights.ravel())
    ratio = 1 - s.step_size * s.decay
    most = 2 * s.initial_radius / np.sqrt(3) * ratio**s.steps
    most += 2 * s.step_size * s.gradient_radius * sum(ratio**k for k in range(s.steps))
    apart = [np.linalg.norm((ends[0] - ends[1])[part]) for part in blocks_of(15, 3, 0)]
    assert max(apart) <= most * (1 + 1e-12)
    assert max(apart) > 0.5 * most


@pytest.mark.parametrize(("size", "blocks", "order"), [(15, 3, 0), (17, 4, 0), (17, 4, 9), (5, 5, 1)])
def test_every_weight_is_in_exactly_one_block(size: int, blocks: int, order: int) -> None:
    parts = blocks_of(size, blocks, order)
    assert sorted(np.concatenate(parts)) == list(range(size))
    assert len(parts) == blocks
    assert {len(part) for part in parts} <= {size // blocks, size // blocks + 1}
    for one, other in zip(parts, blocks_of(size, blocks, order), strict=True):
        np.testing.assert_array_equal(one, other)


def test_more_blocks_than_weights_are_refused(problem: HeadProblem, finish: Any) -> None:
    with pytest.raises(UserError, match="15 weights to hide, so it cannot be split into 16 blocks"):
        finish(operator, problem, replace(SETTINGS, blocks=16))


def test_numbers_that_cannot_be_certified_are_refused(problem: HeadProblem, finish: Any) -> None:
    with pytest.raises(UserError, match="lower one of them"):
        finish(operator, problem, replace(SETTINGS, decay=10.0))


def test_noise_is_added_in_every_step_of_every_block(problem: HeadProblem, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, problem, SETTINGS, silence, epsilon=2.0)
    assert silence.asked == [((5,), pytest.approx(sigma(2.0)))] * 12
    assert revision.numbers["sigma"] == pytest.approx(sigma(2.0))


def test_the_noise_has_the_spread_that_its_steps_leave(problem: HeadProblem, finish: Any) -> None:
    class Still(HeadProblem):
        def loss_and_gradient(self, weights: Array, rng: np.random.Generator) -> tuple[float, Array]:
            return 0.0, np.zeros_like(weights)

    still = Still(problem.retain_pixels, None, problem.original, 3, problem.strength)
    source = SeededNoise(5)
    one = [finish(operator, still, SETTINGS, source)[1].weights for _ in range(60)]
    gain = sum(0.7 ** (2 * k) for k in range(SETTINGS.steps))
    spread = np.var(one, axis=0, ddof=1).sum() * 59 / (sigma() ** 2 * gain)
    low, high = chi2(15 * 59).ppf([1e-6, 1 - 1e-6])
    assert low < spread < high


def test_weights_in_use_that_are_not_finite_are_replaced_by_public_ones(
    make_problem: Callable[..., HeadProblem], finish: Any, planned: Any
) -> None:
    _, one = finish(operator, make_problem(original=np.full((3, 5), np.nan)), SETTINGS, planned())
    assert np.isfinite(one.weights).all()


def test_the_reference_is_the_same_fit_from_the_public_start(problem: HeadProblem, finish: Any) -> None:
    steps, revision = finish(operator, problem, replace(SETTINGS, finetune=3))
    *_, expected = HeadProblem(
        problem.retain_pixels, problem.forget_pixels, problem.original, 3, SETTINGS.strength
    ).learn(problem.public, 3, np.random.default_rng(0))
    np.testing.assert_allclose(revision.reference, expected.weights)
    assert [step.done for step in steps] == list(range(1, steps[-1].total + 1))
    assert sum("loss" in step.metrics for step in steps) == 12 + 4 + 4


def test_the_model_in_use_is_left_as_it_is(problem: HeadProblem, finish: Any) -> None:
    before = problem.original.copy()
    finish(operator, problem, SETTINGS)
    np.testing.assert_array_equal(problem.original, before)


def test_the_forget_set_is_never_read(make_problem: Callable[..., HeadProblem], finish: Any, planned: Any) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, planned())
    _, other = finish(operator, make_problem(forget_pixels=None), SETTINGS, planned())
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.noise_certifies is False
    assert one.mechanism == "blockwise"


def test_its_certificate_holds_and_no_number_of_it_can_be_changed(
    problem: HeadProblem, finish: Any, certify: Any
) -> None:
    _, revision = finish(operator, problem, SETTINGS)
    assert check(certify(revision)) == []
    for name, value in revision.numbers.items():
        whole = name in ("steps", "blocks")
        for changed in (value + 1, value - 1) if whole else (value * 1.001, value * 0.999):
            assert check(certify(revision, **{name: changed})) != [], name
