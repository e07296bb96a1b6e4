from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from napari_unlearn.data.synthetic.canvas import Floats
from napari_unlearn.data.synthetic.noise import clouds, fractal, ripples, smoothstep

Field = Callable[[np.random.Generator, int], Floats]
FIELDS: list[Field] = [
    lambda rng, size: clouds(rng, size, 6),
    lambda rng, size: fractal(rng, size, 2, 30),
    lambda rng, size: ripples(rng, size, 20, 3),
    lambda rng, size: ripples(rng, size, 20, 3, 0.7),
]


@pytest.mark.parametrize("field", FIELDS)
def test_fields_have_mean_0_and_deviation_1(field: Field) -> None:
    drawn = np.stack([field(np.random.default_rng(i), 64) for i in range(200)])
    assert drawn.dtype == np.float32
    assert abs(drawn.mean()) < 1e-5
    assert drawn.std() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("field", FIELDS)
def test_one_seed_gives_the_same_pattern_at_every_size(field: Field) -> None:
    small, large = (field(np.random.default_rng(3), size) for size in (96, 288))
    # Fields are sampled from the corner on, so every third sample of the large one is one of the small one.
    np.testing.assert_allclose(large[::3, ::3], small, atol=1e-4)


def test_ripples_have_the_period_that_was_asked_for(rng: np.random.Generator) -> None:
    power = np.abs(np.fft.rfft2(ripples(rng, 128, 20, 1.5))) ** 2
    radius = np.hypot(np.fft.fftfreq(128, 1 / 128)[:, None], np.arange(65)[None, :])
    assert power[np.abs(radius - 20) < 5].sum() > 0.99 * power.sum()


def test_ripples_with_an_angle_run_one_way(rng: np.random.Generator) -> None:
    lines = ripples(rng, 128, 20, 2, 0.0)
    along, across = np.abs(np.diff(lines, axis=0)).mean(), np.abs(np.diff(lines, axis=1)).mean()
    assert across > 3 * along


def test_detail_finer_than_the_pixels_is_left_out() -> None:
    fine = fractal(np.random.default_rng(0), 32, 2, 100)
    assert np.isfinite(fine).all()
    assert fine.std() < 1


def test_smoothstep_rises_from_0_to_1_and_falls_when_turned_round() -> None:
    values = np.array([-1, 0, 0.5, 1, 2], np.float32)
    np.testing.assert_allclose(smoothstep(values, 0, 1), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(values, 1, 0), [1, 1, 0.5, 0, 0])
