"""Measuring a model on refined cases, on the working grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.refined_cases import GridCase, measure, read_refined
from napari_unlearn.masks import dilation_artefacts
from napari_unlearn.models.grid import mask_to_grid


@dataclass
class Constant:
    """A model that always predicts one mask."""

    mask: np.ndarray[Any, Any]
    card: Any = field(default_factory=lambda: SimpleNamespace(classes=("background", "benign", "malignant")))

    def logits(self, image: np.ndarray[Any, Any]) -> Tensor:
        return functional.one_hot(torch.from_numpy(self.mask).long(), 3).movedim(-1, 0).float()


@pytest.mark.parametrize("size", [32, 64])
def test_a_case_is_read_on_the_grid(sample: Dataset, size: int) -> None:
    case = sample.refined("train")[0]
    found = read_refined(case, size)
    assert found.image.shape == (size, size, 3)
    np.testing.assert_array_equal(found.fine, mask_to_grid(case.fine(), size))
    expected = dilation_artefacts(mask_to_grid(case.coarse(), size), mask_to_grid(case.fine(), size))
    np.testing.assert_array_equal(found.artefact, expected)
    assert found.artefact.any()


def test_dice_is_a_mean_over_cases_and_artefacts_are_pooled() -> None:
    predicted = np.zeros((32, 32), np.uint8)
    predicted[:8] = 2
    fine, artefact = np.zeros((32, 32), np.uint8), np.zeros((32, 32), bool)
    fine[:4] = 1
    artefact[4:12] = True
    other = np.zeros((32, 32), bool)
    other[20:28] = True
    image = np.zeros((32, 32, 3), np.uint8)
    cases = [GridCase(image, fine, artefact), GridCase(image, predicted, other)]
    found = measure(Constant(predicted), cases)
    assert found.dice == pytest.approx((2 * 4 / (8 + 4) + 1) / 2)
    assert found.forgotten == pytest.approx(4 / 16)


def test_without_lesion_and_artefact_nothing_is_wrong() -> None:
    nothing = np.zeros((32, 32), np.uint8)
    case = GridCase(np.zeros((32, 32, 3), np.uint8), nothing, nothing > 0)
    found = measure(Constant(nothing), [case])
    assert (found.dice, found.forgotten) == (1, 0)
