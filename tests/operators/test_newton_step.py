"""One Newton step and noise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import chi2

from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import objective
from napari_unlearn.models.bounded_pixels import BoundedPixels
from napari_unlearn.models.head import Standardiser
from napari_unlearn.operators.catalogue.certified_convex import NewtonStepSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.newton_step import newton_step, operator
from napari_unlearn.privacy import gaussian_dp, newton
from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise
from napari_unlearn.privacy.verification import check

CONVEXITY, RADIUS = 2.0, 0.5
SETTINGS = NewtonStepSettings(residual=1e-7)


def whole(problem: HeadProblem) -> BoundedPixels:
    """The pixels with the labels that were trained on."""
    images = problem.bounded
    assert images is not None
    return dataclasses.replace(
        images.pixels, labels=images.coarse, weights=np.full(images.coarse.shape, 1 / images.coarse.shape[1])
    )


def minimum(pixels: BoundedPixels, convexity: float = CONVEXITY) -> NDArray[np.float64]:
    convex = objective(pixels, 3, convexity)
    *_, state = convex.newton(np.zeros(convex.shape), 50, 1e-12)
    return state.weights


@pytest.fixture
def make(make_bounded: Callable[..., HeadProblem]) -> Callable[..., HeadProblem]:
    """A function that makes a problem whose head is the minimum of its training."""

    def made(forgotten: int = 1, convexity: float = CONVEXITY, radius: float = RADIUS) -> HeadProblem:
        plain = make_bounded(None, convexity, forgotten, radius)
        assert plain.bounded is not None
        original = plain.bounded.on_standardised(minimum(whole(plain), convexity))
        return make_bounded(None, convexity, forgotten, radius, original)

    return made


def dense(pixels: BoundedPixels, state: NDArray[np.float64], convexity: float) -> NDArray[np.float64]:
    """The Newton step with a dense Hessian by automatic differentiation."""
    x = torch.from_numpy(pixels.features).double().flatten(0, 1)
    labels, weights = torch.from_numpy(pixels.labels).flatten(), torch.from_numpy(pixels.weights).flatten()

    def loss(flat: torch.Tensor) -> torch.Tensor:
        each = torch.nn.functional.cross_entropy(x @ flat.view(3, -1).T, labels, reduction="none")
        return (weights * each).sum() / len(pixels) + 0.5 * convexity * flat.square().sum()

    flat = torch.from_numpy(state.ravel().copy())
    gradient = torch.autograd.functional.jacobian(loss, flat)  # type: ignore[no-untyped-call]
    hessian = torch.autograd.functional.hessian(loss, flat)  # type: ignore[no-untyped-call]
    return state - torch.linalg.solve(hessian, gradient).view(3, -1).numpy()


@pytest.mark.parametrize("convexity", [0.01, 2.0])
def test_the_step_is_the_dense_one(make: Callable[..., HeadProblem], convexity: float) -> None:
    images = make(forgotten=3, convexity=convexity, radius=2.0).bounded
    state = np.random.default_rng(0).normal(size=(3, 5))
    got = newton_step(images.pixels, state, 3, convexity, tolerance=1e-10)
    np.testing.assert_allclose(got, dense(images.pixels, state, convexity), atol=1e-7)


@pytest.mark.parametrize("forgotten", [1, 3, 6])
def test_without_noise_it_is_within_its_bound_of_the_new_minimum(
    make: Callable[..., HeadProblem], finish: Any, silence: Any, forgotten: int
) -> None:
    problem = make(forgotten)
    _, revision = finish(operator, problem, SETTINGS, silence)
    images = problem.bounded
    new = minimum(images.pixels)
    got = images.on_whitened(revision.weights)
    old = images.on_whitened(problem.original)
    assert np.linalg.norm(got - new) <= revision.numbers["sensitivity"]
    assert np.linalg.norm(got - new) < 0.05 * np.linalg.norm(old - new)


def test_the_constants_of_the_loss_hold(make: Callable[..., HeadProblem]) -> None:
    # Gradient of one pixel at most sqrt(2) r; Hessians of two heads at most r^3 / sqrt(2) times their distance apart.
    rng, radius = np.random.default_rng(0), 1.7
    x = rng.normal(size=(1, 1, 4))
    x *= radius / np.linalg.norm(x)
    worst = 0.0
    for _ in range(200):
        one = rng.normal(size=(3, 4))
        other = one + 1e-4 * rng.normal(size=(3, 4))
        curves = []
        for state in (one, other):
            p = np.exp(state @ x[0, 0])
            p /= p.sum()
            assert np.linalg.norm(np.outer(p - [1, 0, 0], x)) <= np.sqrt(2) * radius
            curves.append(np.kron(np.diag(p) - np.outer(p, p), np.outer(x, x)))
        worst = max(worst, np.linalg.norm(curves[0] - curves[1], 2) / np.linalg.norm(one - other))
    assert 0.05 * radius**3 < worst <= radius**3 / np.sqrt(2)


def test_the_noise_hides_the_sensitivity(make: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    problem = make(2)
    _, revision = finish(operator, problem, SETTINGS, silence, epsilon=2.0)
    images = problem.bounded
    removed = int((images.pixels.weights == 0).sum())
    gap = newton.relabelled_sensitivity(
        feature_radius=RADIUS, strong_convexity=CONVEXITY, drawn_pixels=120, removed_pixels=removed, residual_bound=1e-7
    )
    assert revision.numbers["removed_pixels"] == removed > 0
    assert revision.numbers["sensitivity"] == pytest.approx(gap)
    assert silence.asked == [((3, 5), pytest.approx(gap / gaussian_dp.mu(2.0, 1e-5)))]


def test_the_noise_that_is_added_has_that_spread(make: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    problem, source = make(2), SeededNoise(3)
    _, quiet = finish(operator, problem, SETTINGS, silence)
    on = problem.bounded.on_whitened
    draws = [on(finish(operator, problem, SETTINGS, source)[1].weights - quiet.weights) for _ in range(60)]
    scaled = np.sum(np.square(draws)) / quiet.numbers["sigma"] ** 2
    low, high = chi2(60 * 15).ppf([1e-6, 1 - 1e-6])
    assert low < scaled < high


def test_a_relabelled_pixel_counts_like_a_removed_one(make: Callable[..., HeadProblem], finish: Any) -> None:
    problem = make(1)
    images = problem.bounded
    labels = images.pixels.labels.copy()
    spots = np.flatnonzero(images.coarse[0] > 0)[:4]
    labels[0, spots] = 0
    pixels = dataclasses.replace(images.pixels, labels=labels)
    changed = dataclasses.replace(problem, bounded=dataclasses.replace(images, pixels=pixels))
    before, after = (finish(operator, p, SETTINGS)[1].numbers["removed_pixels"] for p in (problem, changed))
    assert after == before + 4


@pytest.mark.parametrize("wrong", [{"sensitivity": 1e-9}, {"removed_pixels": 0}, {"strong_convexity": 4.0}])
def test_it_verifies_and_smaller_numbers_do_not(
    make: Callable[..., HeadProblem], finish: Any, certify: Any, wrong: dict[str, float]
) -> None:
    _, revision = finish(operator, make(), SETTINGS, OperatingSystemNoise())
    assert check(certify(revision)) == []
    assert any("sensitivity is recorded as" in failure for failure in check(certify(revision, **wrong)))
    assert any("need at least" in failure for failure in check(certify(revision, sigma=1e-9)))
    assert [assumption.sentence for assumption in revision.assumptions][1] == (
        "The head in use is the minimum of its training on the coarse masks."
    )


def test_a_step_whose_noise_would_drown_the_head_is_refused_with_the_numbers(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    with pytest.raises(UserError) as caught:
        finish(operator, make(3, convexity=0.05, radius=3.0), SETTINGS, silence)
    assert str(caught.value).startswith(
        "43 of 120 drawn pixels are to be forgotten at strength 0.05, which needs noise"
    )
    assert "while no head of this training is longer than 6.63; refine more cases" in str(caught.value)
    assert silence.asked == []


def test_a_head_that_is_no_minimum_is_refused(make: Callable[..., HeadProblem], finish: Any, silence: Any) -> None:
    problem = make()
    moved = dataclasses.replace(problem, original=problem.original + 1e-3)
    with pytest.raises(UserError, match=r"not the minimum of its training \(gradient .* instead of 1\.0e-07\)"):
        finish(operator, moved, SETTINGS, silence)
    coarse = problem.bounded.coarse.copy()
    coarse[0, 0] = (coarse[0, 0] + 1) % 3
    other = dataclasses.replace(problem, bounded=dataclasses.replace(problem.bounded, coarse=coarse))
    with pytest.raises(UserError, match="the coarse masks or the head were changed; train it again"):
        finish(operator, other, SETTINGS, silence)
    assert silence.asked == []


@pytest.mark.parametrize("share", [0.05, 0.4])
def test_composed_cases_count_as_added_pixels_and_it_is_within_its_bound_of_the_minimum_with_them(
    make: Callable[..., HeadProblem], finish: Any, silence: Any, share: float
) -> None:
    problem = make(1)
    rng = np.random.default_rng(5)
    features, labels = rng.normal(size=(2, 20, 4)).astype(np.float32), rng.integers(3, size=(2, 20)).astype(np.uint8)
    plain = problem.bounded
    standardiser = Standardiser(np.zeros(4), np.ones(4))
    images = plain.with_composed(features, labels, np.zeros(2, bool), standardiser, share, share)
    problem = dataclasses.replace(problem, bounded=images)
    _, revision = finish(operator, problem, SETTINGS, silence)
    numbers = revision.numbers
    weighed = images.pixels.weights[6:].sum() * 20
    assert weighed <= numbers["added_pixels"] < weighed + 1
    assert numbers["drawn_pixels"] == 120
    # One over the number of images that were trained on, for composed ones as well.
    joined = dataclasses.replace(images.pixels, weights=images.pixels.weights * 8 / 6)
    got, new = images.on_whitened(revision.weights), minimum(joined)
    old = images.on_whitened(problem.original)
    assert np.linalg.norm(got - new) <= numbers["sensitivity"]
    np.testing.assert_allclose(got, dense(joined, old, CONVEXITY), atol=1e-6)
    without = minimum(plain.pixels)
    step = newton_step(joined, without, 3, CONVEXITY, tolerance=1e-7)
    # The model compared with starts from the minimum of what may be kept, and both together must be hidden.
    assert np.linalg.norm(got - step) <= numbers["sensitivity"]
    assert np.linalg.norm(new - without) > 1e-4


def test_composed_cases_are_certified_and_fewer_of_them_do_not_verify(
    make: Callable[..., HeadProblem], finish: Any, certify: Any
) -> None:
    problem = make(1)
    features, labels = np.ones((1, 20, 4), np.float32), np.ones((1, 20), np.uint8)
    standardiser = Standardiser(np.zeros(4), np.ones(4))
    images = problem.bounded.with_composed(features, labels, np.zeros(1, bool), standardiser, 0.1, 0.1)
    _, revision = finish(operator, dataclasses.replace(problem, bounded=images), SETTINGS, OperatingSystemNoise())
    assert check(certify(revision)) == []
    assert any("sensitivity is recorded as" in failure for failure in check(certify(revision, added_pixels=0)))


def test_composed_cases_that_would_drown_the_head_are_named(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    problem = make(3, convexity=0.05, radius=3.0)
    features, labels = np.ones((4, 20, 4), np.float32), np.ones((4, 20), np.uint8)
    standardiser = Standardiser(np.zeros(4), np.ones(4))
    images = problem.bounded.with_composed(features, labels, np.zeros(4, bool), standardiser, 0.9, 0.9)
    with pytest.raises(
        UserError, match=r"at strength 0\.05 and composed cases worth 80 to be added, which needs noise"
    ):
        finish(operator, dataclasses.replace(problem, bounded=images), SETTINGS, silence)


def test_a_system_that_cannot_be_solved_so_well_is_refused(make: Callable[..., HeadProblem]) -> None:
    images = make().bounded
    with pytest.raises(UserError, match="was solved up to .* only instead of 1.0e-30"):
        newton_step(images.pixels, np.ones((3, 5)), 3, CONVEXITY, tolerance=1e-30)
