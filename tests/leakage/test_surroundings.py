from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.leakage import surroundings
from napari_unlearn.leakage.surroundings import evidence


def test_each_value_is_that_of_a_fit_without_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_STRENGTHS", np.array([2.5]))
    rng = np.random.default_rng(0)
    features, positive = rng.normal(size=(14, 20)), np.arange(14) < 4
    rows = np.column_stack([(features - features.mean(0)) / features.std(0), np.ones(14)])
    weights = np.where(positive, 0.5 / (4 / 14), 0.5 / (10 / 14))
    target = np.where(positive, 1.0, -1.0)
    wanted = []
    for i in range(14):
        rest = np.arange(14) != i
        a, w = rows[rest], weights[rest]
        fit = np.linalg.solve(a.T @ (a * w[:, None]) + 2.5 * np.eye(21), a.T @ (w * target[rest]))
        wanted.append(rows[i] @ fit)
    np.testing.assert_allclose(surroundings._left_out(features, positive), wanted, rtol=1e-9)


def test_a_shortcut_in_the_surroundings_is_read_off_and_misleading_cases_are_found() -> None:
    rng = np.random.default_rng(1)
    classes = np.repeat([0, 1], 60)
    shortcut = classes.copy()
    shortcut[[3, 70, 90]] = 1 - shortcut[[3, 70, 90]]
    features = rng.normal(size=(120, 30))
    features[:, 7] += 8 * shortcut
    told = evidence(features, classes).argmax(axis=1)
    assert (told == shortcut).mean() > 0.95
    assert (told != classes)[[3, 70, 90]].all()


def test_surroundings_that_tell_nothing_are_right_as_often_as_wrong_and_a_rare_class_counts_as_much() -> None:
    rng = np.random.default_rng(2)
    classes = np.array([0] * 150 + [1] * 30 + [2] * 20)
    features = rng.normal(size=(200, 10))
    features[:, 3] = 1.0  # never changes
    told = evidence(features, classes).argmax(axis=1)
    assert set(told) <= {0, 1, 2}
    assert 0.1 < (told == 2).mean() < 0.6
    assert 0.15 < (told == classes).mean() < 0.55
