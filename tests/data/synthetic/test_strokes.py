from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.synthetic.strokes import bezier, cover


def test_a_curve_starts_and_ends_where_it_should() -> None:
    path = bezier(np.array([0.0, 0.0]), np.array([1.0, 1.0]), np.array([2.0, 0.0]), points=5)
    np.testing.assert_allclose(path[[0, 2, 4]], [[0, 0], [1, 0.5], [2, 0]])


def test_a_stroke_covers_what_lies_under_it() -> None:
    path = np.array([[0.0, -0.25], [0.0, 0.25]])
    alpha = cover([(path, 0.1)], 40)
    assert alpha.dtype == np.float32
    assert alpha[20, 20] == 1
    assert alpha[:16].max() == 0
    assert alpha[20, :8].max() == 0
    assert alpha.sum() == pytest.approx(0.1 * 0.5 * 40 * 40, rel=0.2)


def test_no_strokes_cover_nothing() -> None:
    assert cover([], 16).max() == 0


def test_strokes_may_leave_the_picture() -> None:
    alpha = cover([(np.array([[0.0, 0.0], [2.0, 2.0]]), 0.05)], 32)
    assert alpha[-1, -1] > 0.5
    assert alpha[:12, :12].max() == 0
