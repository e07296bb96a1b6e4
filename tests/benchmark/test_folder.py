"""Grounds from a data set folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.benchmark.folder import FolderSource, usable
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("folder"), cases=12, size=64, fine=1.0, seed=3).root


def test_training_cases_are_drawn_by_diagnosis_and_differ_by_seed(folder: Path) -> None:
    first, again, other = (FolderSource(folder, 8, 64).ground(3, None, seed) for seed in (0, 0, 1))
    ids = [[case.id for case in each.train] for each in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert sorted(case.diagnosis or "" for case in first.train) == ["benign"] * 4 + ["malignant"] * 4
    assert all(case.split == "train" for case in first.train)


def test_refined_cases_are_of_every_diagnosis_and_nested(folder: Path) -> None:
    ground = FolderSource(folder, 12, 64).ground(3, None, 0)
    few, more, all_ = (ground.refine(fine) for fine in (0.01, 0.5, 1.0))
    of = {case.id: case.diagnosis for case in ground.train}
    assert sorted(str(of[each]) for each in few) == ["benign", "malignant"]
    assert few < more < all_ == of.keys()


def test_test_cases_stay_as_they_are_and_training_cases_come_to_the_grid(folder: Path) -> None:
    ground = FolderSource(folder, 4, 32).ground(3, None, 0)
    assert {name: {case.split for case in cases} for name, cases in ground.tests.items()} == {
        "aligned": {"test_aligned"},
        "conflicting": {"test_conflicting"},
    }
    assert ground.tests["aligned"][0].image().shape == (64, 64, 3)
    assert all(case.image().shape == (32, 32, 3) and case.lesion.shape == (32, 32) for case in ground.train)
    assert {int(np.max(case.lesion)) for case in ground.train} == {1, 2}


def test_an_unbiased_split_makes_an_oracle(folder: Path, tmp_path: Path) -> None:
    assert FolderSource(folder, 4, 64).ground(3, None, 0).unbiased == ()
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    text = (copy / "metadata.csv").read_text("utf-8").replace("train-0001,train,", "train-0001,train_unbiased,")
    (copy / "metadata.csv").write_text(text, "utf-8")
    ground = FolderSource(copy, 4, 64).ground(3, None, 0)
    assert [case.id for case in ground.unbiased] == ["train-0001"]


def test_a_folder_without_conflicting_cases_is_told(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    text = (copy / "metadata.csv").read_text("utf-8").replace("test_conflicting", "test_other")
    (copy / "metadata.csv").write_text(text, "utf-8")
    with pytest.raises(UserError, match="no split with fine masks whose name ends in 'conflicting'"):
        FolderSource(copy, 4, 64).tests(open_dataset(copy))


def test_training_cases_without_fine_masks_are_told(sample: Dataset) -> None:
    with pytest.raises(UserError, match="6 of 12 training cases of .* lack a fine mask or a diagnosis, such as train-"):
        usable(sample)
