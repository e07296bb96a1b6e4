from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data import Case, Dataset, decode, fine_path_for, open_dataset, write_mask
from napari_unlearn.errors import UserError

TABLE = "id,split,diagnosis\nc,train,malignant\na,test_b,benign\nb,validation,benign\nd,test_a,malignant\n"


@pytest.fixture
def dataset(make_folder: Callable[..., Path]) -> Dataset:
    """Four cases in four splits, none refined."""
    return open_dataset(make_folder({"a": 1, "b": 1, "c": 2, "d": 2}, TABLE))


def test_cases_and_splits_are_in_a_fixed_order(dataset: Dataset) -> None:
    assert [case.id for case in dataset.cases] == ["a", "b", "c", "d"]
    assert dataset.splits == ("train", "validation", "test_a", "test_b")
    assert [case.id for case in dataset.split("train")] == ["c"]


def test_a_split_that_does_not_exist_is_refused(dataset: Dataset) -> None:
    with pytest.raises(UserError, match=r"set has no split 'test'; its splits are: train, validation, test_a, test_b"):
        dataset.split("test")


def test_every_case_trains_where_no_split_is_named(make_folder: Callable[..., Path]) -> None:
    dataset = open_dataset(make_folder({"a": 1, "b": 1}))
    assert dataset.splits == ()
    assert dataset.split("train") == dataset.cases
    with pytest.raises(UserError, match="its splits are: none, so all cases are in train"):
        dataset.split("test")


def test_a_case_is_found_by_its_id(dataset: Dataset) -> None:
    assert dataset.case("c") is dataset.cases[2]
    with pytest.raises(UserError, match="set has no case 'z'; check the spelling"):
        dataset.case("z")


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (("background", "benign", "malignant"), 2),
        (("background", "Melanoma", "nevus"), 1),
        (("background", "MEL", "NV", "BCC"), 1),
        (("background", "lesion"), 1),
        (("background", "a", "b"), 2),
    ],
)
def test_the_positive_class_is_the_malignant_one_else_the_last(classes: tuple[str, ...], positive: int) -> None:
    assert Dataset(Path(), "set", classes, ()).positive == positive


def test_a_fine_mask_is_saved_in_one_place_and_found_again(dataset: Dataset) -> None:
    case = dataset.case("c")
    path = fine_path_for(dataset, case)
    assert path == dataset.root / "fine" / "c.png"
    write_mask(path, np.full(case.shape, 2, np.uint8))
    known = dataset.with_fine("c")
    assert [case.id for case in known.refined()] == ["c"]
    assert known.refined("test_a") == ()
    assert dataset.refined() == ()
    assert open_dataset(dataset.root) == known


def test_opening_reads_no_image(make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_folder({"a": 1})

    def read(path: Path, **_options: object) -> None:
        raise AssertionError(path)

    for name in ("read_image", "read_mask", "read_values", "image_shape"):
        monkeypatch.setattr(decode, name, read)
        monkeypatch.setattr(f"napari_unlearn.data.case.{name}", read, raising=False)
    assert [case.id for case in open_dataset(root).cases] == ["a"]


def test_opening_needs_neither_torch_nor_pydicom_nor_qt(make_folder: Callable[..., Path]) -> None:
    program = (
        "import sys; from napari_unlearn.data import open_dataset; open_dataset(sys.argv[1]); "
        "sys.exit(', '.join(n for n in ('torch', 'pydicom', 'napari', 'qtpy', 'scipy') if n in sys.modules) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(make_folder({"a": 1}))], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_is_open_to_the_words_of_the_contract(dataset: Dataset) -> None:
    case = dataset.case("a")
    assert isinstance(case, Case)
    assert (case.split, case.diagnosis, case.classes, dataset.classes) == (
        "test_b",
        "benign",
        3,
        ("background", "benign", "malignant"),
    )
