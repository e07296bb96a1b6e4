"""Test beds; that their numbers are those of the command is in test_study.py."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_unlearn.benchmark.bed import TestBed
from napari_unlearn.benchmark.features import HeldFeatures
from napari_unlearn.benchmark.ground import Ground
from napari_unlearn.benchmark.held import HeldCase
from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard


@pytest.fixture
def segmenter(ground: Ground, encoder: Encoder) -> HeadSegmenter:
    features = sum(encoder.channels)
    weights = np.random.default_rng(0).normal(size=(3, features + 1))
    head = PixelHead(weights, Standardiser(np.zeros(features), np.ones(features)), encoder.channels)
    card = ModelCard(ground.classes, ground.positive, 64, "head", "coarse", "any", 1, 0)
    return HeadSegmenter(card, encoder, head, HeldFeatures(encoder))


def test_without_artefact_maps_there_is_no_leakage_and_no_shift(ground: Ground, segmenter: HeadSegmenter) -> None:
    cases = [case for case in ground.tests["aligned"][:4] if isinstance(case, HeldCase)]
    bare = [dataclasses.replace(case, flags=None, artefact_path=None) for case in cases]
    with_, without = (TestBed(each, segmenter.cache, 64).measure(segmenter) for each in (cases, bare))
    assert (without.leakage, without.counterfactual_shift) == (None, None)
    assert with_.leakage is not None
    assert with_.counterfactual_shift is not None
    assert (with_.dice, with_.dice_per_class, with_.auroc) == (without.dice, without.dice_per_class, without.auroc)


def test_a_case_without_a_diagnosis_is_told(ground: Ground, segmenter: HeadSegmenter) -> None:
    case = dataclasses.replace(ground.tests["aligned"][0], diagnosis=None)
    with pytest.raises(UserError, match=f"Test case {case.id} has no diagnosis"):
        TestBed([case], segmenter.cache, 64)
