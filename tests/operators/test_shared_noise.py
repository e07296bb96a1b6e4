"""Noise that several processes share."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from napari_unlearn.models.ranks import Alone, working_as
from napari_unlearn.operators.shared_noise import SharedNoise
from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise


class Second(Alone):
    """The second of two processes; the first one draws ones."""

    def __init__(self) -> None:
        object.__setattr__(self, "number", 1)
        object.__setattr__(self, "count", 2)

    def add(self, values: Tensor) -> Tensor:
        return values + 1


def test_alone_it_is_the_noise_of_its_source() -> None:
    noise = SharedNoise(SeededNoise(3))
    np.testing.assert_array_equal(noise.gaussian((2, 3), 0.5), SeededNoise(3).gaussian((2, 3), 0.5))
    assert (noise.description, noise.certifies) == (SeededNoise(3).description, False)
    assert SharedNoise(OperatingSystemNoise()).certifies


def test_only_the_first_process_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object) -> None:
        pytest.fail("The second process must not draw.")

    monkeypatch.setattr(OperatingSystemNoise, "gaussian", never)
    with working_as(Second()):
        np.testing.assert_array_equal(SharedNoise(OperatingSystemNoise()).gaussian((2, 2), 3.0), np.ones((2, 2)))
