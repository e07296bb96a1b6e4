"""Leakage of a split, in detail and between two models."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR
from napari_unlearn.evaluation.leakage import SplitLeakage, compare_leakage, in_words, measure_leakage, new_tally

RULER, INK = (next(flag for flag, title in ARTEFACT_NAMES.items() if title == name) for name in ("ruler", "ink"))
CLASSES = ("background", "benign", "malignant")


def split(painted: float, extra: int = 0) -> SplitLeakage:
    """A model that paints rulers as malignant, on images with rulers and unrelated ink."""
    rng = np.random.default_rng(0)
    shape = (80, 8, 8)
    lesion = rng.random(shape) < 0.5
    ruler, ink, error, paint = (rng.random(shape) < share for share in (0.4, 0.3, 0.2, painted))
    flags = (RULER * ruler + INK * ink + extra).astype(np.uint8)
    prediction = 2 * (lesion | error | (ruler & paint)).astype(np.uint8)
    tally = new_tally(shape[1:], len(CLASSES))
    for image in zip(flags, 2 * lesion.astype(np.uint8), prediction, strict=True):
        tally.add(*image)
    return measure_leakage(tally, CLASSES, 60, 0)


@pytest.fixture(scope="module")
def before() -> SplitLeakage:
    return split(0.9)


def test_the_details_are_told(before: SplitLeakage) -> None:
    detail = json.loads(json.dumps(before.to_json(), allow_nan=False))
    assert detail["p_value"] == pytest.approx(1 / 61)
    assert detail["inside"] + detail["outside"] == pytest.approx(before.estimate.normalised)
    assert detail["per_class"].keys() == {"benign", "malignant"}
    assert detail["per_class"]["benign"] == {"value": 0, "low": 0, "high": 0}
    assert detail["per_class"]["malignant"]["value"] == before.estimate.normalised
    assert detail["estimator"] == "miller-madow"
    assert 0 < detail["against_chance"] < detail["per_class"]["malignant"]["value"]


def test_the_artefact_behind_it_is_found(before: SplitLeakage) -> None:
    kinds = before.to_json()["per_artefact"]
    assert kinds.keys() == {"ruler", "ink"}
    assert kinds["ruler"]["low"] > 0.01
    assert kinds["ink"]["low"] < 0.002
    assert kinds["ruler"]["p_value"] < 0.05


def test_hair_is_told_but_does_not_count(before: SplitLeakage) -> None:
    with_hair = split(0.9, HAIR)
    assert with_hair.estimate.normalised == before.estimate.normalised
    assert with_hair.per_artefact.keys() == {"ruler", "ink", "hair"}


def test_a_revision_is_judged_on_the_same_images(before: SplitLeakage) -> None:
    after = split(0.0)
    less = compare_leakage(before, after, 60, 0)
    assert less.value == pytest.approx(after.estimate.normalised - before.estimate.normalised)
    assert in_words(less) == "less leakage than before"
    assert in_words(compare_leakage(after, before, 60, 0)) == "more leakage than before"
    assert in_words(compare_leakage(before, before, 60, 0)) == "no clear change"
