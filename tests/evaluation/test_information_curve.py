"""The information curve of a data set."""

from __future__ import annotations

import dataclasses

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.information_curve import RADII, curve_of


def test_only_cases_with_fine_mask_and_artefact_map_count(sample: Dataset) -> None:
    bare = dataclasses.replace(sample.refined()[0], artefact_path=None)
    cases = tuple(bare if case.id == bare.id else case for case in sample.cases)
    points, used = curve_of(dataclasses.replace(sample, cases=cases), resamples=20)
    assert used == len(sample.refined()) - 1
    assert len(points) == len(RADII) + 2


def test_the_mask_area_shrinks_to_that_of_the_lesions(sample: Dataset) -> None:
    points, _ = curve_of(sample, resamples=20)
    largest, *_, smallest = [point.estimate.expected_pixels for point in points[1:] if point.estimate.max_class]
    assert largest > smallest
    assert points[-1].estimate.value == 0


def test_too_few_cases_are_refused(sample: Dataset) -> None:
    few = dataclasses.replace(sample, cases=sample.refined()[:4])
    with pytest.raises(UserError, match="has 4 cases with both"):
        curve_of(few)
