"""The attack on forgotten pixels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_unlearn.evaluation.classification import auroc
from napari_unlearn.evaluation.forgetting.membership import attack


def cases(seed: int, count: int, shift: float) -> list[NDArray[np.float64]]:
    """Cases whose pixels go together."""
    rng = np.random.default_rng(seed)
    return [rng.normal(shift + rng.normal(), 1, rng.integers(5, 30)) for _ in range(count)]


def test_the_numbers_are_those_of_all_thresholds() -> None:
    seen, unseen = cases(0, 12, 0.5), cases(1, 9, 0)
    found = attack(seen, unseen, 0)
    assert found is not None
    first, second = np.concatenate(seen), np.concatenate(unseen)
    every = np.unique(np.concatenate([first, second]))
    shares = [abs((first <= at).mean() - (second <= at).mean()) for at in every]
    assert found.worst == pytest.approx(0.5 + max(shares) / 2)
    member = [True] * first.size + [False] * second.size
    assert found.auroc == pytest.approx(auroc(list(np.concatenate([first, second])), member))
    assert (found.seen, found.unseen) == (12, 9)


def test_a_model_that_remembers_is_found_out_and_one_that_never_saw_is_not() -> None:
    found = attack(cases(0, 30, 3), cases(1, 30, 0), 0)
    assert found is not None
    assert found.auroc > 0.9
    assert found.worst > 0.85 > found.chance
    assert found.p_value == pytest.approx(1 / 201)
    p_values = [attack(cases(2 * s, 15, 0), cases(2 * s + 1, 15, 0), 0).p_value for s in range(20)]  # type: ignore[union-attr]
    assert 0.3 < np.mean(p_values) < 0.7


def test_a_model_that_went_too_far_is_found_out_as_well() -> None:
    found = attack(cases(0, 30, -3), cases(1, 30, 0), 0)
    assert found is not None
    assert found.auroc < 0.1
    assert found.worst > 0.8


def test_pixels_that_are_all_alike_tell_nothing() -> None:
    found = attack([np.ones(4)] * 3, [np.ones(6)] * 2, 0)
    assert found is not None
    assert (found.auroc, found.worst, found.chance, found.p_value) == (0.5, 0.5, 0.5, 1)


def test_without_one_side_there_is_nothing_to_tell() -> None:
    assert attack([], cases(0, 3, 0), 0) is None
    assert attack(cases(0, 3, 0), [np.zeros(0)], 0) is None
