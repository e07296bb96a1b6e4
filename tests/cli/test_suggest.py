"""Suggestions from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import Result
from PIL import Image

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.project.case_notes import CaseNotes
from napari_unlearn.project.runs import runs_folder


def test_cases_are_suggested_with_a_reason(told: Callable[..., dict[str, Any]], sample: Dataset) -> None:
    result = told("suggest", sample.root, "--cases", "4", "--even", "ruler", "--even", "ink")
    assert result["columns"] == ["ruler", "ink"]
    refined = {case.id for case in sample.split("train") if case.is_refined}
    found = {case["id"] for case in result["cases"]}
    assert len(found) == 4
    assert not found & refined
    assert all(case["reason"].endswith(".") for case in result["cases"])
    assert {each["diagnosis"] for each in result["all"]} == set(sample.classes[1:])


def test_people_see_what_becomes_even(type_: Callable[..., Result], sample: Dataset) -> None:
    result = type_("suggest", sample.root, "--cases", "2", "--even", "ruler")
    assert result.exit_code == 0
    assert "Refine next" in result.stdout
    assert "ruler" in result.stdout


def test_an_attribute_that_no_refined_case_has_is_none_of_theirs(type_: Callable[..., Result], tmp_path: Path) -> None:
    for folder in ("images", "coarse", "fine"):
        (tmp_path / folder).mkdir()
        for case in "a" if folder == "fine" else "abc":
            picture = Image.fromarray(np.zeros((32, 32), np.uint8))
            (picture.convert("RGB") if folder == "images" else picture).save(tmp_path / folder / f"{case}.png")
    lines = ["id,split,diagnosis,ruler", "a,train,benign,0", "b,train,malignant,0", "c,train,benign,1"]
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "dataset.toml").write_text("classes = ['background', 'benign', 'malignant']\n", encoding="utf-8")
    shown = type_("suggest", tmp_path, "--cases", "1").stdout
    assert "50% -> 0%" in shown
    assert "0% -> none refined" not in shown


def test_an_unknown_column_is_told(refused: Callable[..., str], sample: Dataset) -> None:
    assert "no column 'gloves'" in refused("suggest", sample.root, "--even", "gloves")


def test_excluded_cases_are_not_suggested(told: Callable[..., dict[str, Any]], sample: Dataset, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    (first,) = told("suggest", copy, "--cases", "1")["cases"]
    CaseNotes(runs_folder(copy)).exclude(first["id"], "out of focus")
    assert first["id"] not in {case["id"] for case in told("suggest", copy, "--cases", "5")["cases"]}


def test_a_model_looks_at_what_surrounds_the_lesions(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path
) -> None:
    result = told("suggest", sample.root, "--cases", "3", "--even", "ruler", "--model", model, "--device", "cpu")
    assert result["columns"] == ["ruler", "surroundings like"]
    assert len(result["cases"]) == 3
    seen = [each for each in result["all"] if each["column"] == "surroundings like"]
    assert {each["diagnosis"] for each in seen} == set(sample.classes[1:])
    alone = told("suggest", sample.root, "--even", "surroundings like", "--model", model, "--device", "cpu")
    assert alone["columns"] == ["surroundings like"]
    assert any("surroundings" in case["reason"] for case in alone["cases"])


def test_a_folder_without_a_model_is_told(refused: Callable[..., str], sample: Dataset, tmp_path: Path) -> None:
    assert str(tmp_path) in refused("suggest", sample.root, "--model", tmp_path, "--device", "cpu")


def test_surroundings_that_cannot_be_compared_are_told(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    lines = (copy / "metadata.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if ",train,malignant" not in line]
    (copy / "metadata.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert "two diagnoses" in refused("suggest", copy, "--model", model, "--device", "cpu")
