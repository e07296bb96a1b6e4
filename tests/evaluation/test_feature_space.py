"""Where cases lie in the space of features, before and after."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.feature_space import (
    FORGOTTEN,
    HELD_OUT,
    KEPT,
    NO_DIAGNOSIS,
    SEVERAL,
    UNKNOWN,
    UNMAPPED,
    FeatureSpace,
    feature_space,
    project,
    shown_in_space,
)
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter


def test_the_plane_is_fitted_to_the_first_model_alone() -> None:
    rng = np.random.default_rng(0)
    before = rng.normal(size=(30, 5)) * [5, 3, 1, 0.5, 0]
    points, explained = project([before, 10 * before + 1])
    scaled = (before - before.mean(0)) / np.where(before.std(0) > 0, before.std(0), 1)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    for axis in (0, 1):
        expected = scaled @ vectors[:, -1 - axis]
        assert points[0, :, axis] == pytest.approx(expected * np.sign(expected[0] * points[0, 0, axis]))
        assert explained[axis] == pytest.approx(values[-1 - axis] / values.sum())
    other, _ = project([before, rng.normal(size=(30, 5))])
    assert np.array_equal(points[0], other[0])


def test_the_same_cases_give_the_same_picture_whatever_sign_the_decomposition_has() -> None:
    before = np.random.default_rng(1).normal(size=(20, 4))
    mirrored = before[:, ::-1]
    assert np.abs(project([before])[0]) == pytest.approx(np.abs(project([mirrored])[0]))
    for axis in np.linalg.lstsq(before - before.mean(0), project([before])[0][0], rcond=None)[0].T:
        assert axis[np.abs(axis * before.std(0)).argmax()] > 0


@pytest.mark.parametrize("before", [np.ones((4, 3)), np.full((4, 3), np.nan), np.arange(4.0)[:, None]])
def test_cases_that_do_not_differ_lie_on_one_spot(before: Any) -> None:
    points, explained = project([before])
    assert points.shape == (1, 4, 2)
    assert not np.isinf(points).any()
    assert 0 <= sum(explained) <= 1 + 1e-12


def test_a_case_in_which_a_model_finds_no_lesion_has_no_place_and_moves_no_other() -> None:
    rng = np.random.default_rng(2)
    before = rng.normal(size=(10, 3))
    points, _ = project([np.vstack([before, np.full(3, np.nan)])])
    assert np.isnan(points[0, -1]).all()
    assert points[0, :-1] == pytest.approx(project([before])[0][0])


def test_every_refined_case_is_shown_before_any_other(sample: Dataset) -> None:
    training = sample.split("train")
    shown = shown_in_space(sample, training, 8)
    refined = {case.id for case in training if case.is_refined}
    assert refined <= {case.id for case in shown}
    assert len(shown) == 8 + 8
    assert {case.split for case in shown[8:]} == {"test_aligned", "test_conflicting"}
    assert len(shown_in_space(sample, training)) == len(sample.cases)


def test_cases_lie_where_their_lesions_lead_and_say_what_became_of_them(sample: Dataset, model: Path) -> None:
    before = load_segmenter(model)
    assert isinstance(before, HeadSegmenter)
    blind = dataclasses.replace(before.head, weights=np.zeros_like(before.head.weights))
    after = dataclasses.replace(before, head=blind)
    training = sample.split("train")
    cases = list(shown_in_space(sample, training, 8))
    fine, artefacts = cases[0].coarse_path, next(case for case in cases if case.artefact_path).artefact_path
    cases[0] = dataclasses.replace(cases[0], fine_path=fine, artefact_path=None, diagnosis=None)
    cases[1] = dataclasses.replace(cases[1], artefact_path=artefacts)
    *done, space = feature_space({"before": before, "after": after}, cases, frozenset(case.id for case in training))
    assert isinstance(space, FeatureSpace)
    assert list(space.cases) == done == [case.id for case in cases]
    assert space.models == ("before", "after")
    assert space.points.shape == (2, len(cases), 2)
    assert not np.isnan(space.points).any()
    assert np.abs(space.points[1] - space.points[0]).max() > 1e-3  # a model that sees lesion everywhere looks elsewhere
    assert (space.diagnosis[0], space.artefact[0], space.forget[0]) == (NO_DIAGNOSIS, UNMAPPED, KEPT)
    refined = [case.is_refined for case in cases[:8]]
    assert list(space.forget[1:8]) == [FORGOTTEN if known else UNKNOWN for known in refined[1:]]
    assert set(space.forget[8:]) == {HELD_OUT}
    assert set(space.artefact) & {"none", "ruler", "ink", "gel bubble", SEVERAL}


def test_the_encoder_of_a_unet_describes_the_cases_as_well(sample: Dataset, unet: Path) -> None:
    cases = shown_in_space(sample, (), 4)
    *_, space = feature_space({"before": load_segmenter(unet)}, cases, frozenset())
    assert isinstance(space, FeatureSpace)
    assert space.points.shape == (1, 4, 2)
    assert np.ptp(space.points[0], axis=0).min() > 0
