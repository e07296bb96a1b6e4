"""Going on with noisy training."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_fit import mass, objective
from napari_unlearn.models.bounded_training import NoisySteps, head_digest
from napari_unlearn.models.head import Standardiser
from napari_unlearn.models.noisy_sgd import NoisySgd, smoothness
from napari_unlearn.operators.catalogue.certified_convex import PnsgdSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.pnsgd import account, operator, weighted
from napari_unlearn.operators.protocol import Budget
from napari_unlearn.privacy import gaussian_dp, pnsgd
from napari_unlearn.privacy.mechanisms import MECHANISMS
from napari_unlearn.privacy.noise import OperatingSystemNoise
from napari_unlearn.privacy.verification import check

BATCH, CONVEXITY = 4, 0.05
SETTINGS = PnsgdSettings()


def numbers(problem: HeadProblem, **changed: Any) -> NoisySteps:
    assert problem.bounded is not None
    curvature = smoothness(problem.bounded.pixels, CONVEXITY, BATCH, 0)
    steps = NoisySteps(BATCH, 5, 1 / curvature, curvature, 0.05, 3.0, "tests")
    return dataclasses.replace(steps, **changed)


@pytest.fixture
def make(make_bounded: Callable[..., HeadProblem]) -> Callable[..., HeadProblem]:
    """A function that makes a problem whose head was trained by noisy SGD, as far as its record says."""

    def made(original: Any = None, forgotten: int = 3, **changed: Any) -> HeadProblem:
        plain = make_bounded(None, CONVEXITY, forgotten)
        return make_bounded(numbers(plain, **changed), CONVEXITY, forgotten, None, original)

    return made


def test_without_noise_it_ends_at_the_minimum_of_what_may_be_kept(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    # One batch: steps on several of them end near the minimum, not at it.
    problem = make(batch_size=6)
    _, revision = finish(operator, problem, PnsgdSettings(least_epochs=1500), silence)
    kept = weighted(problem.bounded, SETTINGS.background_weight)
    convex = objective(kept, problem.classes, CONVEXITY)
    *_, state = convex.newton(np.zeros((3, 5)), 50, 1e-12)
    np.testing.assert_allclose(problem.bounded.on_whitened(revision.weights), state.weights, atol=1e-4)
    np.testing.assert_allclose(revision.reference, revision.weights, atol=1e-4)
    assert 0 < mass(kept) < 1


def test_it_takes_the_epochs_that_the_budget_needs_and_no_more(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    problem = make()
    steps, revision = finish(operator, problem, SETTINGS, silence)
    epochs = int(revision.numbers["epochs"])
    mu = MECHANISMS["pnsgd"].mu
    allowed = gaussian_dp.mu(1.0, 1e-5)
    assert mu(revision.numbers) <= allowed
    assert mu({**revision.numbers, "epochs": epochs - 1}) > allowed
    assert [step.done for step in steps] == list(range(1, 2 * epochs + 1))
    # Two batches an epoch, from the head in use and from the public start, which is itself a draw.
    sigma = np.sqrt(2 * revision.numbers["step_size"]) * revision.numbers["sigma"]
    assert len(silence.asked) == 4 * epochs + 1
    assert sum(asked == pytest.approx(sigma) for _, asked in silence.asked) == 4 * epochs
    assert np.array_equal(steps[epochs - 1].weights, revision.weights)


def test_the_update_is_that_of_training(make: Callable[..., HeadProblem], finish: Any, planned: Any) -> None:
    original = np.random.default_rng(4).normal(size=(3, 5))
    problem = make(original)
    _, revision = finish(operator, problem, SETTINGS, planned())
    images = problem.bounded
    sgd = NoisySgd(weighted(images, 0.75), 3, CONVEXITY, images.training.steps, 0)
    *_, state = sgd.epochs(images.on_whitened(original), int(revision.numbers["epochs"]), planned())
    np.testing.assert_allclose(revision.weights, images.on_standardised(state), rtol=1e-9)


def test_two_starts_end_as_close_as_the_account_says(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    start = 40 * np.random.default_rng(4).normal(size=(3, 5))
    problem = make()
    radius = problem.bounded.training.steps.projection_radius
    ends = []
    for sign in (1, -1):
        state = sign * start * radius / np.linalg.norm(start)
        original = problem.bounded.on_standardised(state)
        _, revision = finish(operator, dataclasses.replace(problem, original=original), SETTINGS, silence)
        ends.append(problem.bounded.on_whitened(revision.weights))
    n = revision.numbers
    steps = n["epochs"] * n["n"] / n["batch_size"]
    assert n["distance"] == 2 * radius
    assert np.linalg.norm(ends[0] - ends[1]) <= n["distance"] * (1 - n["step_size"] * CONVEXITY) ** steps * (1 + 1e-4)


def test_the_account_looks_at_no_label(make: Callable[..., HeadProblem]) -> None:
    budget = Budget(1.0, 1e-5)
    assert account(make(forgotten=1).bounded, budget, SETTINGS) == account(make(forgotten=5).bounded, budget, SETTINGS)


def test_a_second_request_starts_from_what_the_first_left(make: Callable[..., HeadProblem], finish: Any) -> None:
    far = {"projection_radius": 1e6}
    _, first = finish(operator, make(**far), SETTINGS)
    record = first.training
    assert record.steps.distance == first.numbers["distance"]
    assert record.steps.spent == first.numbers["epochs"]
    assert record.head_sha256 == head_digest(first.weights)
    problem = make(first.weights, **far)
    problem = dataclasses.replace(problem, bounded=dataclasses.replace(problem.bounded, training=record))
    _, second = finish(operator, problem, SETTINGS)
    update = {name: first.numbers[name] for name in ("step_size", "strong_convexity", "n", "batch_size")}
    left = first.numbers["distance"] * (1 - update["step_size"] * CONVEXITY) ** (
        first.numbers["epochs"] * update["n"] / BATCH
    )
    assert second.numbers["distance"] == pytest.approx(first.numbers["distance"] + left, rel=1e-9)
    assert second.numbers["distance"] > first.numbers["distance"]
    assert MECHANISMS["pnsgd"].contradictions(second.numbers) == []
    forgetful = {**second.numbers, "earlier_distance": 0.0}
    (failure,) = MECHANISMS["pnsgd"].contradictions(forgetful)
    assert failure.startswith("The distance is recorded as ")


def test_certain_background_gets_its_share_and_no_weight_is_raised(make: Callable[..., HeadProblem]) -> None:
    images = make().bounded
    for share in (0.0, 0.3, 0.99):
        weights = weighted(images, share).weights
        assert (weights <= images.pixels.weights).all()
        np.testing.assert_array_equal(weights[images.refined], images.pixels.weights[images.refined])
        got = weights[~images.refined].sum() / weights.sum()
        natural = images.pixels.weights[~images.refined].sum() / images.pixels.weights.sum()
        assert got == pytest.approx(min(share, natural))
    everything = make(forgotten=0).bounded
    np.testing.assert_array_equal(weighted(everything, 0.5).weights, everything.pixels.weights)


@pytest.mark.parametrize("composed", [0, 2])
def test_images_without_a_lesion_count_as_they_would_were_all_cases_refined(
    make: Callable[..., HeadProblem], composed: int
) -> None:
    images = make(forgotten=2).bounded
    labels, weights = images.pixels.labels.copy(), images.pixels.weights.copy()
    labels[-1], weights[-1] = 0, 1 / labels.shape[1]  # an image without a lesion; of the rest, one is not refined
    refined = np.array([True, True, True, True, False, False])
    free = np.array([False, False, False, False, False, True])
    weights[4, 0] = 0
    if composed:
        refined, free = np.concatenate([refined, [True] * 2]), np.concatenate([free, [False, True]])
        labels, weights = (np.concatenate([each, each[[0, -1]]]) for each in (labels, weights))
    pixels = dataclasses.replace(
        images.pixels, labels=labels, weights=weights, features=np.resize(images.pixels.features, (*labels.shape, 5))
    )
    images = dataclasses.replace(
        images, pixels=pixels, refined=refined, lesion_free=free, composed=composed, lesion_free_share=0.3
    )
    found = weighted(images, 0.75).weights
    assert (found <= weights).all()
    np.testing.assert_array_equal(found[refined & ~free], weights[refined & ~free])
    # Were the fifth case refined too, there were five with a lesion and one without; four of five are known.
    expected = 4 / 5 * weights[5].sum() / weights[:4].sum()
    assert found[free].sum() / found[refined & ~free].sum() == pytest.approx(expected)
    if composed:
        assert found[7].sum() / found[free].sum() == pytest.approx(0.3)


def test_the_certificate_says_which_images_are_covered(
    make: Callable[..., HeadProblem], finish: Any, certify: Any
) -> None:
    _, revision = finish(operator, make(forgotten=2), SETTINGS, OperatingSystemNoise())
    trained, covers = revision.assumptions
    assert "--method pnsgd" in trained.sentence
    assert covers.sentence == "All 6 images count as changed: any of their labels may be forgotten."
    assert covers.checked.startswith("4 lose their dilation artefacts and 2 everything inside their coarse mask;")
    assert revision.noise_certifies
    record = certify(revision)
    assert record.parameters["images"] == 6


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sigma": 0.005}, r"The noise has sigma 0\.005, but epsilon 1 and delta 1e-05 need at least 0\.0"),
        ({"epochs": 1}, "need at least"),
        ({"distance": 1.0}, "The distance is recorded as 1, but its numbers give 6"),
        ({"step_size": 9.0}, "A step size of 9 is too long for a smoothness of"),
        ({"n": 4}, "6 images in batches of 4 count as 8, not as 4"),
    ],
)
def test_numbers_that_would_not_hide_it_do_not_verify(
    make: Callable[..., HeadProblem], finish: Any, certify: Any, wrong: dict[str, float], sentence: str
) -> None:
    _, revision = finish(operator, make(), SETTINGS, OperatingSystemNoise())
    assert check(certify(revision)) == []
    assert any(re.search(sentence, failure) for failure in check(certify(revision, **wrong)))


def test_a_budget_that_takes_too_long_is_refused(make: Callable[..., HeadProblem], finish: Any) -> None:
    with pytest.raises(UserError, match=r"Epsilon 1 and delta 1e-05 need \d+ passes over the images, more than the 3"):
        finish(operator, make(), PnsgdSettings(most_epochs=3))


def test_steps_that_are_too_long_for_the_images_are_refused(make: Callable[..., HeadProblem], finish: Any) -> None:
    with pytest.raises(UserError, match=r"curvature [\d.]+, more than the 0\.01 that the model's card records"):
        finish(operator, make(smoothness=0.01), SETTINGS)


def with_composed(problem: HeadProblem, count: int = 4, scale: float = 1.0) -> HeadProblem:
    """The problem with composed cases behind its images."""
    images = problem.bounded
    assert images is not None
    rng = np.random.default_rng(5)
    pixels = images.training.pixels
    features = (scale * rng.normal(size=(count, pixels, 4))).astype(np.float32)
    labels = rng.integers(3, size=(count, pixels)).astype(np.uint8)
    plain = Standardiser(np.zeros(4), np.ones(4))
    composed = images.with_composed(features, labels, np.zeros(count, bool), plain, 0.9, 0.9)
    return dataclasses.replace(problem, bounded=composed)


def test_composed_cases_join_and_without_noise_it_ends_at_the_minimum_with_them(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    problem = with_composed(make(batch_size=10))
    _, revision = finish(operator, problem, PnsgdSettings(least_epochs=1500), silence)
    kept = weighted(problem.bounded, SETTINGS.background_weight)
    *_, state = objective(kept, problem.classes, CONVEXITY).newton(np.zeros((3, 5)), 50, 1e-12)
    np.testing.assert_allclose(problem.bounded.on_whitened(revision.weights), state.weights, atol=1e-4)
    assert revision.numbers["composed"] == 4


@pytest.mark.parametrize(("share", "left"), [(0.5, 2 + 1), (0.0, 0)])
def test_composed_cases_that_would_count_for_a_part_are_left_out(
    make: Callable[..., HeadProblem], finish: Any, share: float, left: int
) -> None:
    images = make(forgotten=2).bounded
    own = np.arange(6)
    # Two images without a lesion. Of four with one, two are refined.
    weights = np.where((own >= 4)[:, None], 1 / images.pixels.labels.shape[1], images.pixels.weights)
    images = dataclasses.replace(
        images,
        pixels=dataclasses.replace(images.pixels, weights=weights),
        refined=own < 2,
        lesion_free=own >= 4,
    )
    pixels = images.training.pixels
    features = np.random.default_rng(5).normal(size=(8, pixels, 4)).astype(np.float32)
    labels = np.random.default_rng(6).integers(3, size=(8, pixels)).astype(np.uint8)
    plain = Standardiser(np.zeros(4), np.ones(4))
    joined = images.with_composed(features, labels, np.arange(8) >= 4, plain, share, share)
    _, revision = finish(operator, dataclasses.replace(make(), bounded=joined), SETTINGS)
    # With a lesion, as many as are refined. As one lesion of two is known, the others count for half of these four, and
    # composed ones for half of that. With a share of 0 there are none.
    assert joined.composed == 8
    assert revision.numbers["composed"] == left
    assert np.isfinite(revision.weights).all()


def test_composed_cases_make_epochs_longer_and_the_certificate_counts_them(
    make: Callable[..., HeadProblem], finish: Any, certify: Any
) -> None:
    _, plain = finish(operator, make(), SETTINGS, OperatingSystemNoise())
    _, revision = finish(operator, with_composed(make()), SETTINGS, OperatingSystemNoise())
    assert (plain.numbers["n"], revision.numbers["n"], revision.numbers["images"]) == (8, 12, 6)
    assert revision.numbers["distance"] == plain.numbers["distance"]
    assert check(certify(revision)) == []
    wrong = check(certify(revision, composed=0))
    assert any("6 images in batches of 4 count as 8, not as 12" in failure for failure in wrong)
    assert revision.training.images == 6
    about = revision.assumptions[-1]
    assert about.sentence == "Composed cases count as data that may be kept."
    assert about.checked.startswith("4 were made of cases with no unknown pixel")
    assert revision.assumptions[1].checked.startswith("3 lose their dilation artefacts and 3 everything inside")


def test_steps_become_shorter_where_composed_cases_bend_the_objective_more(
    make: Callable[..., HeadProblem], finish: Any, silence: Any, certify: Any
) -> None:
    plain = make()
    problem = with_composed(plain, scale=50.0)
    recorded = problem.bounded.training.steps
    _, revision = finish(operator, problem, SETTINGS, OperatingSystemNoise())
    needed = smoothness(problem.bounded.pixels, CONVEXITY, BATCH, 0)
    assert needed > recorded.smoothness
    assert revision.numbers["smoothness"] == needed
    assert revision.numbers["step_size"] == 1 / needed
    # Composed cases of labels that a later request forgets shall not live on in the length of its steps.
    assert revision.training.steps.step_size == recorded.step_size
    assert revision.training.steps.smoothness == recorded.smoothness
    assert check(certify(revision)) == []


def test_two_starts_end_as_close_as_the_account_says_with_composed_cases(
    make: Callable[..., HeadProblem], finish: Any, silence: Any
) -> None:
    problem = with_composed(make(), scale=50.0)
    radius = problem.bounded.training.steps.projection_radius
    start = np.random.default_rng(4).normal(size=(3, 5))
    ends = []
    for sign in (1, -1):
        original = problem.bounded.on_standardised(sign * start * radius / np.linalg.norm(start))
        _, revision = finish(operator, dataclasses.replace(problem, original=original), SETTINGS, silence)
        ends.append(problem.bounded.on_whitened(revision.weights))
    n = revision.numbers
    shrunk = (1 - n["step_size"] * CONVEXITY) ** (n["epochs"] * n["n"] / n["batch_size"])
    assert np.linalg.norm(ends[0] - ends[1]) <= n["distance"] * shrunk * (1 + 1e-4)


def test_where_cases_were_withdrawn_any_head_is_moved_into_the_ball_first(
    make: Callable[..., HeadProblem], finish: Any, silence: Any, certify: Any
) -> None:
    # A distance that the labels alone would keep small says nothing here.
    problem = make(projection_radius=1e3)
    images = dataclasses.replace(problem.bounded, any_start=True)
    far = 1e9 * np.random.default_rng(4).normal(size=(3, 5))
    ends = []
    for original in (far, -far):
        state = dataclasses.replace(problem, original=images.on_standardised(original), bounded=images)
        _, revision = finish(operator, state, SETTINGS, silence)
        ends.append(images.on_whitened(revision.weights))
    n = revision.numbers
    assert n["distance"] == 2e3
    assert account(problem.bounded, Budget(1.0, 1e-5), SETTINGS)["distance"] < 2e3
    shrunk = (1 - n["step_size"] * CONVEXITY) ** (n["epochs"] * n["n"] / n["batch_size"])
    assert np.linalg.norm(ends[0] - ends[1]) <= 2e3 * shrunk * (1 + 1e-4)
    _, certified = finish(operator, state, SETTINGS, OperatingSystemNoise())
    assert check(certify(certified)) == []
    wrong = check(certify(certified, distance=account(problem.bounded, Budget(1.0, 1e-5), SETTINGS)["distance"]))
    assert any("The distance is recorded as" in failure for failure in wrong)
    assert certified.assumptions[0].sentence.startswith("Nothing is assumed of how the head was trained")


def test_after_composed_cases_the_record_of_the_head_says_so_and_without_them_again_not(
    make: Callable[..., HeadProblem], finish: Any
) -> None:
    _, first = finish(operator, with_composed(make()), SETTINGS)
    assert first.training.steps.composed == 4
    problem = make(first.weights)
    images = dataclasses.replace(problem.bounded, training=first.training, any_start=True)
    _, second = finish(operator, dataclasses.replace(problem, bounded=images), SETTINGS, OperatingSystemNoise())
    assert second.numbers["distance"] == 2 * second.numbers["projection_radius"]
    assert second.training.steps.composed == 0
    ball, covers = second.assumptions
    assert ball.sentence.endswith("since composed cases had a part in the request before.")
    assert covers.sentence == "All 6 images count as changed: any of their labels may be forgotten."
    assert covers.checked.startswith("3 of them now teach where their lesion is, and 3 certain background only;")


def test_exact_accounting_needs_fewer_epochs_than_the_published_one() -> None:
    update = {"step_size": 3.8275460836548474, "strong_convexity": 0.011264, "n": 11264, "batch_size": 128}
    distance = pnsgd.distance(gradient_bound=1.0, **update)
    assert pnsgd.epochs(1.0, 1 / 11264, distance=distance, sigma=0.03, **update) <= 3
