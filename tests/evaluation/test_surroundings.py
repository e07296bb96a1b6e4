"""What lies around the lesions, read by an encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation import surroundings
from napari_unlearn.evaluation.surroundings import read_surroundings, told, with_surroundings
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.grid import image_to_grid, mask_to_grid


def test_only_pixels_outside_the_coarse_mask_are_looked_at(
    sample: Dataset, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter = load_segmenter(model)
    cases = sample.split("train")[:4]
    seen: dict[str, np.ndarray] = {}

    def note(diagnoses: dict[str, str], features: dict[str, np.ndarray]) -> dict[str, str]:
        seen.update(features)
        return diagnoses

    monkeypatch.setattr(surroundings, "told", note)
    *ids, last = read_surroundings(segmenter, cases)
    assert ids == [case.id for case in cases]
    assert last == {case.id: case.diagnosis for case in cases}
    for case in cases:
        colours = image_to_grid(case.image(), 64).double().numpy() / 255
        normal = (colours - np.array([[[0.485]], [[0.456]], [[0.406]]])) / np.array([[[0.229]], [[0.224]], [[0.225]]])
        outside = mask_to_grid(case.coarse(), 64) == 0
        np.testing.assert_allclose(seen[case.id][:3], normal[:, outside].mean(axis=1), atol=1e-3)


def test_a_u_net_gives_the_same_encoder(sample: Dataset, model: Path, unet: Path) -> None:
    cases = sample.split("train")[:6]
    *_, by_head = read_surroundings(load_segmenter(model), cases)
    *_, by_unet = read_surroundings(load_segmenter(unet), cases)
    assert by_head == by_unet


def test_a_case_without_surroundings_is_left_out(sample: Dataset, model: Path, tmp_path: Path) -> None:
    first, *rest = sample.split("train")
    filled = tmp_path / "filled.png"
    Image.fromarray(np.ones((64, 64), np.uint8)).save(filled)
    *_, found = read_surroundings(load_segmenter(model), [replace(first, coarse_path=filled), *rest])
    assert isinstance(found, dict)
    assert set(found) == {case.id for case in rest}


def test_cases_without_diagnosis_or_coarse_mask_are_not_looked_at(sample: Dataset) -> None:
    first, second, third, *_ = sample.split("train")
    cases: list[Case] = [replace(first, diagnosis=None), replace(second, coarse_path=None), third]
    assert with_surroundings(cases) == [third]


def test_the_shortcut_tells_each_case_from_the_others_and_a_diagnosis_of_one_case_is_left_out() -> None:
    rng = np.random.default_rng(0)
    names = ["benign", "malignant"] * 8 + ["rare"]
    ruler = [name == "malignant" for name in names]
    ruler[4] = True
    features = {f"c{i}": np.append(rng.normal(size=4), 30.0 * shown) for i, shown in enumerate(ruler)}
    found = told({f"c{i}": name for i, name in enumerate(names)}, features)
    assert {case: each.like for case, each in found.items()} == {
        f"c{i}": "malignant" if ruler[i] else "benign" for i in range(16)
    }
    assert [case for case, each in found.items() if each.against > 0] == ["c4"]


def test_one_diagnosis_alone_is_refused_in_words() -> None:
    features = {name: np.zeros(2) for name in "abc"}
    with pytest.raises(UserError, match="two diagnoses with two cases each"):
        told({"a": "benign", "b": "benign", "c": "malignant"}, features)
