"""The mechanism against a reference step, and against the mistakes that ports of it are known to make."""

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
from napari_unlearn.operators.catalogue.certified_ball import ModelClippingSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.model_clipping import noisy_step, operator
from napari_unlearn.privacy import model_clipping
from napari_unlearn.privacy.noise import SeededNoise
from napari_unlearn.privacy.verification import check

Array = NDArray[np.float64]
SETTINGS = ModelClippingSettings(strength=0.01, model_radius=0.4, step_size=0.3, decay=0.5, steps=6, finetune=0)


def gradient(problem: HeadProblem, weights: Array) -> Array:
    """Gradient of the retain objective by automatic differentiation."""
    x, y = torch.from_numpy(problem.retain_pixels.features).double(), torch.from_numpy(problem.retain_pixels.labels)
    a = torch.from_numpy(problem.retain_pixels.weights)
    w = torch.from_numpy(weights).requires_grad_()
    losses = torch.nn.functional.cross_entropy(x @ w.T, y, reduction="none")
    ((a * losses).sum() / a.sum() + SETTINGS.strength / 2 * w.square().sum()).backward()
    return w.grad.numpy()


def shorten(vector: Array, radius: float) -> Array:
    return vector * min(1.0, radius / np.sqrt(np.sum(vector**2)))


def sigma(epsilon: float = 1.0, steps: int = SETTINGS.steps) -> float:
    return model_clipping.sigma(epsilon, 1e-5, model_radius=SETTINGS.model_radius, steps=steps)


def reference(
    problem: HeadProblem,
    noise: Any,
    *,
    shorten_model: Callable[[Array], Array] = lambda w: shorten(w, SETTINGS.model_radius),
    shorten_gradient: Callable[[Array], Array] = lambda g: g,
    noise_first: bool = False,
    noise_factor: float = 1.0,
    steps: int = SETTINGS.steps,
    decay: float = SETTINGS.decay,
) -> Array:
    """The mechanism written down once more; each keyword is a known mistake."""
    w = problem.original
    for _ in range(steps):
        w = w - SETTINGS.step_size * (shorten_gradient(gradient(problem, w)) + decay * w)
        drawn = noise_factor * noise.gaussian(w.shape, sigma())
        w = shorten_model(w + drawn) if noise_first else shorten_model(w) + drawn
    return w


@pytest.fixture
def problem(make_problem: Callable[..., HeadProblem]) -> HeadProblem:
    return make_problem()


def test_it_does_what_the_mechanism_says(problem: HeadProblem, finish: Any, planned: Any) -> None:
    _, revision = finish(operator, problem, SETTINGS, planned())
    np.testing.assert_allclose(revision.weights, reference(problem, planned()), rtol=1e-9)
    _, without = finish(operator, problem, replace(SETTINGS, decay=0.0), planned())
    np.testing.assert_allclose(without.weights, reference(problem, planned(), decay=0.0), rtol=1e-9)


@pytest.mark.parametrize(
    ("mistake", "options"),
    [
        ("a norm for each row", {"shorten_model": lambda w: np.stack([shorten(row, 0.4) for row in w])}),
        ("the clip after the noise", {"noise_first": True}),
        ("noise scaled by the step size", {"noise_factor": SETTINGS.step_size}),
        ("no clip of the model", {"shorten_model": lambda w: w}),
        ("the gradient clipped too", {"shorten_gradient": lambda g: shorten(g, 0.05)}),
        ("no decay", {"decay": 0.0}),
        ("a step too many", {"steps": SETTINGS.steps + 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_makes_none_of_the_known_mistakes(
    problem: HeadProblem, finish: Any, planned: Any, mistake: str, options: dict[str, Any]
) -> None:
    _, revision = finish(operator, problem, SETTINGS, planned())
    assert np.abs(revision.weights - reference(problem, planned(), **options)).max() > 1e-4, mistake


def test_the_ball_lies_about_the_public_start(problem: HeadProblem, silence: Any) -> None:
    class Moved(HeadProblem):
        public = np.full((3, 5), 0.8)

    moved = Moved(problem.retain_pixels, None, problem.original, problem.classes, problem.strength)
    _, weights = noisy_step(moved, moved.original, SETTINGS, 1.0, silence, np.random.default_rng(0))
    assert np.linalg.norm(weights - 0.8) == pytest.approx(SETTINGS.model_radius)


def test_a_model_that_overflowed_goes_back_to_the_public_start(
    make_problem: Callable[..., HeadProblem], silence: Any
) -> None:
    spoilt = make_problem(original=np.full((3, 5), np.nan))
    _, weights = noisy_step(spoilt, spoilt.original, SETTINGS, 1.0, silence, np.random.default_rng(0))
    np.testing.assert_array_equal(weights, np.zeros((3, 5)))


def test_noise_is_added_in_every_step_with_the_least_sigma(problem: HeadProblem, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, problem, SETTINGS, silence, epsilon=2.0)
    assert silence.asked == [((3, 5), pytest.approx(sigma(2.0)))] * SETTINGS.steps
    assert revision.numbers["sigma"] == pytest.approx(sigma(2.0))
    assert sigma(2.0) < sigma(2.0, steps=3) < sigma(1.0, steps=3)


def test_the_noise_has_that_spread(problem: HeadProblem) -> None:
    source, rng = SeededNoise(5), np.random.default_rng(0)
    one = [noisy_step(problem, problem.original, SETTINGS, 0.3, source, rng)[1] for _ in range(150)]
    spread = np.var(one, axis=0, ddof=1).sum() * 149 / 0.3**2
    low, high = chi2(15 * 149).ppf([1e-6, 1 - 1e-6])
    assert low < spread < high


def test_the_reference_is_the_same_fit_from_the_public_start(problem: HeadProblem, finish: Any) -> None:
    steps, revision = finish(operator, problem, replace(SETTINGS, finetune=3))
    assert revision.reference is not None
    *_, expected = HeadProblem(
        problem.retain_pixels, problem.forget_pixels, problem.original, 3, SETTINGS.strength
    ).learn(problem.public, 3, np.random.default_rng(0))
    np.testing.assert_allclose(revision.reference, expected.weights)
    assert [step.done for step in steps] == list(range(1, steps[-1].total + 1))
    assert all("loss" in step.metrics for step in steps[: SETTINGS.steps + 4])
    _, alone = finish(operator, problem, SETTINGS)
    np.testing.assert_array_equal(alone.reference, np.zeros((3, 5)))


def test_the_forget_set_is_never_read(make_problem: Callable[..., HeadProblem], finish: Any, planned: Any) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, planned())
    _, other = finish(operator, make_problem(forget_pixels=None), SETTINGS, planned())
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.noise_certifies is False
    assert one.mechanism == "model-clipping"


def test_its_certificate_holds_and_no_number_of_it_can_be_changed(
    problem: HeadProblem, finish: Any, certify: Any
) -> None:
    _, revision = finish(operator, problem, SETTINGS)
    assert check(certify(revision)) == []
    assert revision.numbers["attempt_delta"] == pytest.approx(1e-5, rel=1e-9)
    for name, value in revision.numbers.items():
        for changed in (value + 1, max(value - 1, 1)) if name == "steps" else (value * 1.001, value * 0.999):
            assert check(certify(revision, **{name: changed})) != [], name


def test_a_budget_that_is_none_is_refused(problem: HeadProblem, finish: Any) -> None:
    with pytest.raises(UserError, match="epsilon must be"):
        finish(operator, problem, SETTINGS, epsilon=-1.0)
