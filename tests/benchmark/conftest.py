"""A small benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from napari_unlearn.benchmark.row import Numbers, Row, Trial

if TYPE_CHECKING:
    from napari_unlearn.benchmark.ground import Ground

SEED = 3
TRIAL = Trial("synthetic", "tiny", 12, 64, 3, 0.95, SEED, "box", 0.5, 2, "exact-refit")


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    """A function that makes a row up."""
    return _row


def _row(model: str, seed: int, auroc: float | None = 0.8, **changes: Any) -> Row:
    settings = {name: changes.pop(name) for name in tuple(changes) if name in Trial.__dataclass_fields__}
    trial = dataclasses.replace(TRIAL, model=model, seed=seed, **settings)
    gap = None if auroc is None else 0.9 - auroc
    numbers = Numbers("exact", auroc, auroc, auroc, 0.9, auroc, gap, 0.01, 0.1, seconds=1.0)
    return Row(trial, dataclasses.replace(numbers, **changes))


@pytest.fixture(scope="session")
def trial() -> Trial:
    """One trial on the session's sample."""
    return TRIAL


@pytest.fixture(scope="session")
def ground() -> Ground:
    """The cases of the session's sample, in memory."""
    from napari_unlearn.benchmark.synthetic import SyntheticSource

    return SyntheticSource(12, 64).ground(3, 0.95, SEED)
