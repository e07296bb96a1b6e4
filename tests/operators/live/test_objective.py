"""The objective that is kept up to date, against the same objective from scratch and automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_unlearn.models.convex_head import ConvexProblem, PixelSet
from napari_unlearn.operators.live.objective import LiveObjective, Overtaken
from napari_unlearn.operators.live.rows import Kind, Rows

CLASSES, WIDTH, STRENGTH = 3, 5, 1e-2
OWNERS = {"a": Kind.REFINED, "b": Kind.REFINED, "ab": Kind.COMPOSED, "c": Kind.CERTAIN}


def objective_of(parts: dict[str, PixelSet]) -> LiveObjective:
    objective = LiveObjective(
        Rows(CLASSES, WIDTH), torch.zeros(CLASSES, WIDTH, dtype=torch.float64), STRENGTH, 0.9, 0.6
    )
    for owner, pixels in parts.items():
        objective.replace(owner, OWNERS[owner], 40, pixels)
    return objective


def from_scratch(parts: dict[str, PixelSet]) -> ConvexProblem:
    shares = {Kind.REFINED: 0.1 * 0.4, Kind.COMPOSED: 0.9 * 0.4, Kind.CERTAIN: 0.6}
    mass = {kind: sum(p.weights.sum() for o, p in parts.items() if OWNERS[o] is kind) for kind in Kind}
    weights = [p.weights * (shares[OWNERS[o]] / mass[OWNERS[o]]) for o, p in parts.items()]
    pixels = PixelSet(
        np.concatenate([p.features for p in parts.values()]),
        np.concatenate([p.labels for p in parts.values()]),
        np.concatenate(weights),
    )
    return ConvexProblem(pixels, CLASSES, STRENGTH)


@pytest.fixture
def parts(make_pixels: Callable[..., PixelSet]) -> dict[str, PixelSet]:
    return {owner: make_pixels(30 + place, seed=place) for place, owner in enumerate(OWNERS)}


@pytest.fixture
def point() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(5).normal(size=(CLASSES, WIDTH)))


def test_its_gradient_is_that_of_the_convex_problem_on_the_same_pixels(
    parts: dict[str, PixelSet], point: torch.Tensor
) -> None:
    objective = objective_of(parts)
    measured = objective.measure(step=point)
    _, expected = from_scratch(parts).loss_and_gradient(point)
    assert torch.allclose(objective.gradient(), expected, rtol=1e-12, atol=1e-14)
    assert measured == pytest.approx(float(expected.norm()), rel=1e-12)


def test_the_residual_is_what_automatic_differentiation_says(parts: dict[str, PixelSet], point: torch.Tensor) -> None:
    objective = objective_of(parts)
    objective.move(point)
    measured = objective.measure()
    weights = point.clone().requires_grad_()
    loss = 0.5 * STRENGTH * (weights * weights).sum()
    factors = {Kind.REFINED: 0.04, Kind.COMPOSED: 0.36, Kind.CERTAIN: 0.6}
    for kind, factor in factors.items():
        members = [pixels for owner, pixels in parts.items() if OWNERS[owner] is kind]
        mass = sum(pixels.weights.sum() for pixels in members)
        for pixels in members:
            entropy = torch.nn.functional.cross_entropy(
                torch.from_numpy(pixels.features).double() @ weights.T,
                torch.from_numpy(pixels.labels),
                reduction="none",
            )
            loss = loss + factor / mass * (torch.from_numpy(pixels.weights) * entropy).sum()
    (gradient,) = torch.autograd.grad(loss, weights)
    assert measured == pytest.approx(float(gradient.norm()), rel=1e-12)


def test_replacing_the_pixels_of_a_case_needs_no_pass_over_the_others(
    parts: dict[str, PixelSet], point: torch.Tensor, make_pixels: Callable[..., PixelSet]
) -> None:
    objective = objective_of(parts)
    objective.measure(step=point)
    others = {o: objective.rows.slots[o].copy() for o in ("b", "ab", "c")}
    parts["a"] = make_pixels(12, seed=77)
    objective.replace("a", Kind.REFINED, 40, parts["a"])
    _, expected = from_scratch(parts).loss_and_gradient(point)
    assert torch.allclose(objective.gradient(), expected, rtol=1e-11, atol=1e-13)
    for owner, before in others.items():
        after = objective.rows.slots[owner].copy()
        assert torch.equal(before.x, after.x)
        assert torch.equal(before.y, after.y)
        assert torch.equal(before.a, after.a)


def test_pixels_that_count_for_more_are_those_of_the_same_problem_from_scratch(
    parts: dict[str, PixelSet], point: torch.Tensor
) -> None:
    objective = objective_of(parts)
    objective.measure(step=point)
    more = {owner: parts[owner].weights * np.linspace(1, 9, len(parts[owner])) for owner in ("a", "ab")}
    objective.reweigh(more)
    parts.update({o: PixelSet(parts[o].features, parts[o].labels, weights) for o, weights in more.items()})
    _, expected = from_scratch(parts).loss_and_gradient(point)
    assert torch.allclose(objective.gradient(), expected, rtol=1e-11, atol=1e-13)


def test_a_kind_that_is_gone_leaves_its_share_to_the_others_and_comes_back_into_its_slot(
    parts: dict[str, PixelSet], point: torch.Tensor
) -> None:
    objective = objective_of(parts)
    objective.drop("c")
    left = {owner: pixels for owner, pixels in parts.items() if owner != "c"}
    assert float((objective.factors() * objective.rows.mass()).sum()) == pytest.approx(1)
    chunks = len(list(objective.rows.chunks()))
    objective.replace("c", Kind.CERTAIN, 40, parts["c"])
    assert len(list(objective.rows.chunks())) == chunks
    objective.measure(step=point)
    _, expected = from_scratch({**left, "c": parts["c"]}).loss_and_gradient(point)
    assert torch.allclose(objective.gradient(), expected, rtol=1e-12, atol=1e-14)


def test_missing_composed_cases_leave_their_share_empty(parts: dict[str, PixelSet]) -> None:
    objective = objective_of(parts)
    whole = objective.factors()
    objective.present[Kind.COMPOSED] = 0.75
    part = objective.factors()
    assert part[Kind.REFINED] == whole[Kind.REFINED]
    assert part[Kind.CERTAIN] == whole[Kind.CERTAIN]
    assert float(part[Kind.COMPOSED]) == pytest.approx(0.75 * float(whole[Kind.COMPOSED]))


def test_a_small_step_loses_next_to_nothing_to_single_precision(
    parts: dict[str, PixelSet], point: torch.Tensor
) -> None:
    objective = objective_of(parts)
    objective.measure(step=point)
    step = 1e-5 * torch.flip(point, dims=[0])
    objective.move(step)
    after = objective.gradient()
    _, exact = from_scratch(parts).loss_and_gradient(point + step)
    assert float((after - exact).norm()) < 1e-11
    assert float((after - exact).norm()) < 1e-5 * float(objective.strength * step.norm() + 1)


@pytest.mark.parametrize("work", ["move", "measure"])
def test_a_pass_that_is_broken_off_has_changed_nothing(
    parts: dict[str, PixelSet], point: torch.Tensor, work: str
) -> None:
    objective = objective_of(parts)
    before, weights = objective.gradient(), objective.weights
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Overtaken

    pass_over = {"move": lambda: objective.move(point, check), "measure": lambda: objective.measure(check, point)}
    with pytest.raises(Overtaken):
        pass_over[work]()
    assert torch.equal(objective.gradient(), before)
    assert torch.equal(objective.weights, weights)
    assert torch.equal(next(c for _, c in objective.rows.chunks()).scores, torch.zeros(4096, CLASSES).double())
