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
from napari_unlearn.models.convex_head import ConvexProblem
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.gradient_clipping import noisy_step, operator
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.privacy import gradient_clipping
from napari_unlearn.privacy.noise import SeededNoise
from napari_unlearn.privacy.verification import check

Array = NDArray[np.float64]
SETTINGS = GradientClippingSettings(
    strength=0.01, initial_radius=0.7, gradient_radius=0.05, step_size=0.1, decay=3.0, steps=6, finetune=0
)


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


def sigma(epsilon: float = 1.0, s: GradientClippingSettings = SETTINGS) -> float:
    return gradient_clipping.sigma(
        epsilon,
        1e-5,
        initial_radius=s.initial_radius,
        gradient_radius=s.gradient_radius,
        step_size=s.step_size,
        steps=s.steps,
        decay=s.decay,
        decreasing=s.schedule == 1,
    )


def reference(
    problem: HeadProblem,
    noise: Any,
    *,
    s: GradientClippingSettings = SETTINGS,
    clip_first: Callable[[Array], Array] = lambda w: shorten(w, SETTINGS.initial_radius),
    shorten_gradient: Callable[[Array], Array] = lambda g: shorten(g, SETTINGS.gradient_radius),
    decay_inside: bool = False,
    noise_factor: float = 1.0,
    steps: int | None = None,
) -> Array:
    """The mechanism written down once more; each keyword is a known mistake."""
    w = clip_first(problem.original)
    for t in range(s.steps if steps is None else steps):
        g = gradient(problem, w)
        pull = s.decay * w
        spread = sigma(s=s) / (1 - s.step_size * s.decay) ** ((s.steps - 1 - t) * s.schedule)
        direction = shorten_gradient(g + pull) if decay_inside else shorten_gradient(g) + pull
        w = w - s.step_size * direction + noise_factor * noise.gaussian(w.shape, spread)
    return w


@pytest.fixture
def problem(make_problem: Callable[..., HeadProblem]) -> HeadProblem:
    return make_problem()


@pytest.mark.parametrize(
    "settings",
    [SETTINGS, replace(SETTINGS, decay=0.0), replace(SETTINGS, schedule=1), replace(SETTINGS, decay=1e-13)],
    ids=["constant", "no decay", "decreasing", "hardly any decay"],
)
def test_it_does_what_the_mechanism_says(
    problem: HeadProblem, finish: Any, planned: Any, settings: GradientClippingSettings
) -> None:
    _, revision = finish(operator, problem, settings, planned())
    np.testing.assert_allclose(revision.weights, reference(problem, planned(), s=settings), rtol=1e-9)


def test_vanishing_decay_is_no_decay(problem: HeadProblem, finish: Any, planned: Any) -> None:
    _, none = finish(operator, problem, replace(SETTINGS, decay=0.0), planned())
    _, hardly = finish(operator, problem, replace(SETTINGS, decay=1e-11), planned())
    np.testing.assert_allclose(hardly.weights, none.weights, rtol=1e-7)
    assert hardly.numbers["sigma"] == pytest.approx(none.numbers["sigma"], rel=1e-9)


def test_the_public_start_is_the_centre(problem: HeadProblem, finish: Any, planned: Any) -> None:
    # Moving the whole problem by c moves the result by c: nothing pulls towards zero.
    class Moved(HeadProblem):
        public = np.full((3, 5), 0.8)

        def loss_and_gradient(self, weights: Array, rng: np.random.Generator) -> tuple[float, Array]:
            return super().loss_and_gradient(weights - self.public, rng)

    moved = Moved(
        problem.retain_pixels, problem.forget_pixels, problem.original + 0.8, problem.classes, problem.strength
    )
    loose = replace(SETTINGS, finetune=0)
    _, revision = finish(operator, moved, loose, planned())
    np.testing.assert_allclose(revision.weights - 0.8, reference(problem, planned()), rtol=1e-9)
    np.testing.assert_array_equal(revision.reference, Moved.public)


@pytest.mark.parametrize(
    ("mistake", "options"),
    [
        ("a norm for each row", {"shorten_gradient": lambda g: np.stack([shorten(row, 0.05) for row in g])}),
        ("the clip after the decay was added", {"decay_inside": True}),
        ("noise scaled by the step size", {"noise_factor": SETTINGS.step_size}),
        ("no clip of the start", {"clip_first": lambda w: w}),
        ("the gradient not clipped", {"shorten_gradient": lambda g: g}),
        ("a step too many", {"steps": SETTINGS.steps + 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_makes_none_of_the_known_mistakes(
    problem: HeadProblem, finish: Any, planned: Any, mistake: str, options: dict[str, Any]
) -> None:
    _, revision = finish(operator, problem, SETTINGS, planned())
    assert np.abs(revision.weights - reference(problem, planned(), **options)).max() > 1e-4, mistake


def test_a_gradient_that_overflowed_moves_nothing(
    problem: HeadProblem, silence: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = problem.original
    monkeypatch.setattr(HeadProblem, "loss_and_gradient", lambda *_: (1.0, np.full(weights.shape, np.nan)))
    _, moved = noisy_step(problem, weights, SETTINGS, 1.0, silence, np.random.default_rng(0))
    np.testing.assert_allclose(moved, weights * (1 - SETTINGS.step_size * SETTINGS.decay))


def test_a_head_in_use_that_is_not_finite_starts_at_the_public_centre(
    make_problem: Callable[..., HeadProblem], finish: Any, planned: Any
) -> None:
    _, one = finish(operator, make_problem(original=np.full((3, 5), np.nan)), SETTINGS, planned())
    _, other = finish(operator, make_problem(original=np.zeros((3, 5))), SETTINGS, planned())
    np.testing.assert_array_equal(one.weights, other.weights)


def test_noise_is_added_in_every_step_with_the_exact_sigma(problem: HeadProblem, finish: Any, silence: Any) -> None:
    _, revision = finish(operator, problem, SETTINGS, silence, epsilon=2.0)
    assert silence.asked == [((3, 5), pytest.approx(sigma(2.0)))] * SETTINGS.steps
    assert revision.numbers["sigma"] == pytest.approx(sigma(2.0))


def test_decreasing_noise_ends_with_the_recorded_sigma(problem: HeadProblem, finish: Any, silence: Any) -> None:
    settings = replace(SETTINGS, schedule=1)
    _, revision = finish(operator, problem, settings, silence)
    spreads = [spread for _, spread in silence.asked]
    assert spreads[-1] == pytest.approx(revision.numbers["sigma"]) == pytest.approx(sigma(s=settings))
    np.testing.assert_allclose(np.divide(spreads[:-1], spreads[1:]), 1 / 0.7)


@pytest.mark.parametrize("settings", [SETTINGS, replace(SETTINGS, schedule=1), replace(SETTINGS, decay=0.0)])
def test_its_certificate_holds_and_no_number_of_it_can_be_changed(
    problem: HeadProblem, finish: Any, certify: Any, settings: GradientClippingSettings
) -> None:
    _, revision = finish(operator, problem, settings)
    assert check(certify(revision)) == []
    for name, value in revision.numbers.items():
        if name == "schedule" and settings.decay == 0:
            continue  # Without decay both schedules are one.
        changed = 1 - value if name == "schedule" else value * 1.001 if name != "steps" else value + 1
        assert check(certify(revision, **{name: changed or 1e-3})) != [], name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"decay": 10.0}, "lower one of them"), ({"initial_radius": 0.0}, "initial_radius must be")],
)
def test_numbers_that_cannot_be_certified_are_refused(
    problem: HeadProblem, finish: Any, change: dict[str, float], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        finish(operator, problem, replace(SETTINGS, **change))


def test_the_noise_has_that_spread(problem: HeadProblem) -> None:
    source, rng = SeededNoise(5), np.random.default_rng(0)
    one = [noisy_step(problem, problem.original, SETTINGS, 0.3, source, rng)[1] for _ in range(400)]
    spread = np.var(one, axis=0, ddof=1).sum() * 399 / 0.3**2
    low, high = chi2(15 * 399).ppf([1e-6, 1 - 1e-6])
    assert low < spread < high


def test_fine_tuning_learns_again_and_the_same_from_zero_stands_beside_it(problem: HeadProblem, finish: Any) -> None:
    settings = GradientClippingSettings(strength=0.01, finetune=30)
    steps, revision = finish(operator, problem, settings)
    convex = ConvexProblem(problem.retain_pixels, 3, 0.01)
    assert revision.reference is not None
    assert convex.residual(revision.weights) < 1e-8
    assert convex.residual(revision.reference) < 1e-8
    assert all(0 < step.done <= step.total for step in steps)
    dones = [step.done for step in steps]
    assert dones == sorted(dones)


def test_without_fine_tuning_the_reference_is_the_public_start(problem: HeadProblem, finish: Any) -> None:
    _, revision = finish(operator, problem, SETTINGS)
    np.testing.assert_array_equal(revision.reference, np.zeros((3, 5)))


def test_the_forget_set_is_never_read(make_problem: Callable[..., HeadProblem], finish: Any, planned: Any) -> None:
    _, one = finish(operator, make_problem(), SETTINGS, planned())
    _, other = finish(operator, make_problem(forget_pixels=None), SETTINGS, planned())
    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.noise_certifies is False
    assert one.mechanism == "gradient-clipping"
