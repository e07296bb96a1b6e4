"""A small live objective and its Hessian, row by row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.live.objective import LiveObjective
from napari_unlearn.operators.live.rows import Kind, Rows

CLASSES, WIDTH, STRENGTH = 3, 5, 1e-3


@pytest.fixture
def parts(make_pixels: Callable[..., PixelSet]) -> dict[str, PixelSet]:
    return {name: make_pixels(300, seed=seed) for seed, name in enumerate("abcdef")}


@pytest.fixture
def objective_of() -> Callable[[dict[str, PixelSet]], LiveObjective]:
    def make(parts: dict[str, PixelSet]) -> LiveObjective:
        objective = LiveObjective(Rows(CLASSES, WIDTH), torch.zeros(CLASSES, WIDTH).double(), STRENGTH, 0.0, 0.0)
        for owner, pixels in parts.items():
            objective.replace(owner, Kind.REFINED, 500, pixels)
        return objective

    return make


@pytest.fixture
def dense_hessian() -> Callable[[LiveObjective, list[str]], torch.Tensor]:
    """Without the strength; a row, a summand."""

    def make(objective: LiveObjective, owners: list[str]) -> torch.Tensor:
        factor = objective.factors()[Kind.REFINED]
        out = torch.zeros(CLASSES * WIDTH, CLASSES * WIDTH, dtype=torch.float64)
        for owner in owners:
            rows = objective.rows.slots[owner].copy()
            for x, a, p in zip(rows.x.double(), rows.a, rows.p, strict=True):
                out += factor * a * torch.kron(torch.diag(p) - torch.outer(p, p), torch.outer(x, x))
        return out

    return make
