from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from napari_unlearn.data.synthetic.ruler import render_ruler
from napari_unlearn.proposals import ruler
from napari_unlearn.proposals.ruler import find


def scale(distance: float, degrees: float, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Bright skin with eighteen ticks in a row, or as many as fit, and where they are."""
    turn = np.radians(degrees)
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    along = columns * np.cos(turn) + rows * np.sin(turn)
    across = rows * np.cos(turn) - columns * np.sin(turn)
    ticks = (np.abs(along) < 9 * distance + 1) & (np.abs(across) < 5)
    ticks &= np.abs((along + distance / 2) % distance - distance / 2) < 1
    image = np.full((size, size, 3), (220, 178, 160)) + np.random.default_rng(0).normal(0, 2, (size, size, 3))
    image[ticks] = 60
    return image.astype(np.uint8), ticks


@pytest.mark.parametrize(("distance", "degrees"), [(8.0, 0.0), (8.0, 37.0), (8.0, 90.0), (12.0, -25.0), (22.0, 0.0)])
def test_ticks_in_step_are_found_at_any_angle(distance: float, degrees: float) -> None:
    image, ticks = scale(distance, degrees)
    found = find(image)
    near = ndimage.binary_dilation(ticks, iterations=2)
    assert (found & ticks).sum() > 0.7 * ticks.sum()
    assert (found & near).sum() > 0.9 * found.sum()


def test_a_large_image_is_outlined_at_its_own_size() -> None:
    image, ticks = (np.repeat(np.repeat(part, 3, axis=0), 3, axis=1) for part in scale(8.0, 20.0))
    found = find(image)
    assert found.shape == (768, 768)
    assert (found & ticks).sum() > 0.7 * ticks.sum()


def test_ticks_out_of_step_are_no_ruler() -> None:
    image, _ = scale(8.0, 0.0)
    ticked = image.copy()
    ticked[:] = image[:20].mean(axis=(0, 1))
    for column in np.random.default_rng(5).uniform(20, 236, 20).astype(int):
        ticked[123:133, column : column + 2] = 60
    assert not find(ticked).any()


def test_the_scale_of_a_drawn_case_is_found(drawn: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    image, truth = drawn(render_ruler, 1)
    assert (find(image) & truth).sum() > 0.5 * truth.sum()


def test_a_long_strip_is_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruler, "LONGEST", 300)
    seen: list[int] = []
    best = ruler.best

    def note(darkness: np.ndarray) -> ruler.Ticks | None:
        seen.append(max(darkness.shape))
        return best(darkness)

    monkeypatch.setattr(ruler, "best", note)
    image, ticks = scale(8.0, 90.0)
    long = np.concatenate([image[:, :60], image[:, 98:158], image[:, :60]])
    found = find(long)
    assert max(seen) <= 300
    truth = np.zeros(found.shape, bool)
    truth[256:512] = ticks[:, 98:158]
    assert (found & truth).sum() > 0.7 * truth.sum()
    assert not found[:200].any()
