"""The curvature and its patches, against the same row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.live.curvature import Curvature, Patch
from napari_unlearn.operators.live.objective import LiveObjective, Overtaken
from napari_unlearn.operators.live.rows import Kind, Rows

CLASSES, WIDTH, STRENGTH, ALL = 3, 5, 1e-3, 10**9
ObjectiveOf = Callable[[dict[str, PixelSet]], LiveObjective]
DenseHessian = Callable[[LiveObjective, list[str]], torch.Tensor]


def random(seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(CLASSES, WIDTH)))


def take(objective: LiveObjective, sample: int = ALL, seed: int = 0) -> Curvature:
    curvature = Curvature(objective, sample, np.random.default_rng(seed))
    for _, chunk in objective.rows.chunks():
        chunk.factored = chunk.p.clone()
    return curvature


@pytest.fixture
def objective(objective_of: ObjectiveOf, parts: dict[str, PixelSet]) -> LiveObjective:
    made = objective_of(parts)
    made.measure(step=0.3 * random(1))
    return made


def test_the_curvature_is_the_dense_hessian_with_patches_added_and_taken_off(
    objective: LiveObjective, dense_hessian: DenseHessian, parts: dict[str, PixelSet]
) -> None:
    curvature = take(objective)
    factor = float(objective.factors()[Kind.REFINED])
    dense = dense_hessian(objective, list(parts)) + STRENGTH * torch.eye(CLASSES * WIDTH)
    right = random(2)
    exact = torch.linalg.solve(dense, right.reshape(-1)).reshape(right.shape)
    assert torch.allclose(curvature.solve(right, ()), exact, rtol=1e-3, atol=1e-3 * float(exact.abs().max()))
    off = Patch.went(objective.rows.slots["a"].copy(), factor)
    on = Patch.came(objective.rows.slots["b"].copy(), factor)
    patched = dense - dense_hessian(objective, ["a"]) + dense_hessian(objective, ["b"])
    for patches in ((off, on), (Patch.joined((off, on)),)):
        close = curvature.solve(right, patches)
        assert float((patched @ close.reshape(-1) - right.reshape(-1)).norm()) < 0.02 * float(right.norm())


def test_a_sampled_curvature_is_right_on_average(objective: LiveObjective) -> None:
    right = random(2).float()
    full = take(objective)._apply(right)
    rng = np.random.default_rng(3)
    sampled = torch.stack([Curvature(objective, 300, rng)._apply(right) for _ in range(60)])
    spread = sampled.std(dim=0) / 60**0.5
    assert float(spread.max()) > 0
    assert float(((sampled.mean(dim=0) - full) / spread).abs().max()) < 4.5


def test_a_row_that_is_wrong_counts_as_halfway_to_its_label() -> None:
    objective = LiveObjective(Rows(2, 1), torch.tensor([[0.0], [40.0]]).double(), STRENGTH, 0.0, 0.0)
    one = PixelSet(np.ones((1, 1), np.float32), np.array([0]), np.ones(1))
    objective.replace("a", Kind.REFINED, 1, one)
    rows = objective.rows.slots["a"].copy()
    direction = torch.tensor([[1.0], [-1.0]])
    assert float(Patch.came(rows, 1.0).curve(direction).abs().max()) < 1e-6
    assert torch.allclose(Patch.came(rows, 1.0, halfway=True).curve(direction), torch.tensor([[0.5], [-0.5]]))


def test_a_patch_as_a_matrix_does_what_it_does_to_a_direction(objective: LiveObjective) -> None:
    patch = Patch.came(objective.rows.slots["a"].copy(), 0.5)
    direction = random(2).float()
    expected = (patch.dense() @ direction.reshape(-1)).reshape(CLASSES, WIDTH)
    assert torch.allclose(patch.curve(direction), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_what_has_changed_since_brings_the_curvature_to_where_the_weights_are_now(
    objective: LiveObjective, dense_hessian: DenseHessian, parts: dict[str, PixelSet]
) -> None:
    before = dense_hessian(objective, list(parts))
    take(objective)
    assert Patch.drifted(objective, ALL, np.random.default_rng(0)) is None
    objective.measure(step=0.2 * random(4))
    patch = Patch.drifted(objective, ALL, np.random.default_rng(0))
    assert patch is not None
    change = dense_hessian(objective, list(parts)) - before
    assert float(change.abs().max()) > 1e-3
    assert torch.allclose(patch.dense().double(), change, atol=1e-5 * float(change.abs().max()))


def test_a_sample_of_what_has_changed_is_right_on_average_and_nearer_than_nothing(
    objective: LiveObjective, dense_hessian: DenseHessian, parts: dict[str, PixelSet]
) -> None:
    before = dense_hessian(objective, list(parts))
    take(objective)
    objective.measure(step=0.2 * random(4))
    change = dense_hessian(objective, list(parts)) - before
    rng, drawn = np.random.default_rng(0), []
    for _ in range(60):
        patch = Patch.drifted(objective, 300, rng)
        assert patch is not None
        assert 200 < len(patch._x) < 400
        drawn.append(patch.dense().double())
    sampled = torch.stack(drawn)
    spread = sampled.std(dim=0) / 60**0.5
    assert float(spread.max()) > 0
    assert float(((sampled.mean(dim=0) - change) / spread).abs().max()) < 4.5
    assert float((sampled[0] - change).norm()) < 0.5 * float(change.norm())


def test_folding_that_is_broken_off_has_changed_nothing(objective: LiveObjective) -> None:
    curvature = take(objective)
    right = random(2)
    before = curvature.solve(right, ())
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Overtaken

    with pytest.raises(Overtaken):
        curvature.fold([Patch.came(objective.rows.slots["a"].copy(), 1.0)], check)
    assert torch.equal(curvature.solve(right, ()), before)
