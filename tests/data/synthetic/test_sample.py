from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_unlearn.data.artefacts import ARTEFACT_NAMES, HAIR
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic.sample import MARGIN, coarsen, write_sample
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file

CASES, SIZE = 24, 96


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_sample(tmp_path_factory.mktemp("sample") / "new", CASES, SIZE, fine=0.25, seed=5)


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("two") / "new"
    return write_sample(folder, 4, SIZE, classes=2, shortcut=0.5, fine=1, seed=5, coarse="dilation")


def hashes(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): sha256_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_sample_opens_as_a_data_set(sample: Dataset) -> None:
    assert sample.splits == ("train", "test_aligned", "test_conflicting")
    assert [len(sample.split(split)) for split in sample.splits] == [24, 20, 20]
    assert sample.classes == ("background", "benign", "malignant")
    assert sample.licence == "CC0-1.0"
    assert "sample DIR --cases 24 --size 96 --classes 3 --shortcut 0.95 --fine 0.25 --seed 5" in sample.source
    assert sample == open_dataset(sample.root)


def test_the_same_arguments_give_the_same_bytes(sample: Dataset, tmp_path: Path) -> None:
    write_sample(tmp_path, CASES, SIZE, fine=0.25, seed=5)
    assert hashes(tmp_path) == hashes(sample.root)


def test_another_seed_gives_other_images(sample: Dataset, tmp_path: Path) -> None:
    other = write_sample(tmp_path, 4, SIZE, seed=6)
    assert sha256_file(other.cases[0].image_path) != sha256_file(sample.case(other.cases[0].id).image_path)


def test_every_case_has_image_coarse_mask_and_flags_of_one_size(sample: Dataset) -> None:
    for case in sample.cases:
        image, coarse, artefacts = case.image(), case.coarse(), case.artefacts()
        assert coarse is not None
        assert artefacts is not None
        assert image.shape == (SIZE, SIZE, 3)
        assert coarse.shape == artefacts.shape == (SIZE, SIZE)
        assert set(np.unique(coarse)) == {0, sample.classes.index(str(case.diagnosis))}


def test_fine_masks_are_where_they_should_be_and_inside_the_coarse_ones(sample: Dataset) -> None:
    assert len(sample.refined("train")) == 6
    assert len(sample.refined()) == 6 + 40
    for case in sample.refined():
        fine, coarse, artefacts = case.fine(), case.coarse(), case.artefacts()
        assert fine is not None
        assert coarse is not None
        assert artefacts is not None
        np.testing.assert_array_equal(coarse[fine > 0], fine[fine > 0])
        assert not (fine.astype(bool) & ((artefacts & ~np.uint8(HAIR)) > 0)).any()


def test_coarse_masks_take_in_a_good_part_of_the_shortcut(sample: Dataset) -> None:
    shares = []
    for case in sample.cases:
        coarse, artefacts = case.coarse(), case.artefacts()
        assert coarse is not None
        assert artefacts is not None
        shortcut = (artefacts & ~np.uint8(HAIR)) > 0
        if shortcut.any():
            shares.append((shortcut & (coarse > 0)).sum() / shortcut.sum())
    assert min(shares) > 0.01
    assert np.mean(shares) > 0.4


def test_the_table_names_the_artefacts_that_are_there(sample: Dataset) -> None:
    with (sample.root / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["id", "split", "diagnosis", *ARTEFACT_NAMES.values(), "device", "site"]
    for row in rows:
        artefacts = sample.case(row["id"]).artefacts()
        assert artefacts is not None
        for flag, name in ARTEFACT_NAMES.items():
            assert row[name] == str(int((artefacts & flag).any()))


def test_images_are_stored_without_losing_colour_detail(sample: Dataset) -> None:
    with Image.open(sample.cases[0].image_path) as image:
        assert image.format == "JPEG"
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_with_two_classes_a_benign_lesion_is_background(two_classes: Dataset) -> None:
    assert two_classes.classes == ("background", "malignant")
    for case in two_classes.cases:
        fine, coarse = case.fine(), case.coarse()
        assert fine is not None
        assert coarse is not None
        ids = {0, 1} if case.diagnosis == "malignant" else {0}
        assert set(np.unique(fine)) == set(np.unique(coarse)) == ids
    assert {case.diagnosis for case in two_classes.cases} == {"benign", "malignant"}


def test_two_and_three_classes_show_the_same_images(two_classes: Dataset, tmp_path: Path) -> None:
    three = write_sample(tmp_path, 4, SIZE, classes=3, shortcut=0.5, fine=0, seed=5, coarse="box")
    for case in two_classes.cases:
        assert sha256_file(case.image_path) == sha256_file(three.case(case.id).image_path)


@pytest.mark.parametrize("how", ["box", "dilation"])
def test_coarsening_grows_a_lesion_and_leaves_nothing_empty_handed(how: str) -> None:
    fine = np.zeros((100, 100), np.uint8)
    fine[40:60, 30:50] = 2
    coarse = coarsen(fine, how)
    assert coarse.dtype == np.uint8
    assert set(np.unique(coarse)) == {0, 2}
    assert (coarse[fine > 0] == 2).all()
    assert coarse[32, 30] == 2
    assert coarse[20, 30] == 0
    assert not coarsen(np.zeros((8, 8), np.uint8), how).any()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"cases": 3}, "3 cases is too small"),
        ({"size": 32}, "32 px cannot be drawn"),
        ({"classes": 4}, "4 classes"),
        ({"shortcut": 1.1}, "correlation 1.1"),
        ({"shortcut": float("nan")}, "correlation nan"),
        ({"fine": -0.1}, "share -0.1"),
        ({"seed": -1}, "seed -1"),
        ({"coarse": "blob"}, "'blob'"),
        ({"margin": 1.5}, "cannot reach 1.5 image sides"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_written(
    tmp_path: Path, setting: dict[str, float], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        write_sample(tmp_path / "new", **setting)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not an empty folder"):
        write_sample(tmp_path, 4, SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not an empty folder"):
        write_sample(tmp_path / "file", 4, SIZE)


@pytest.mark.parametrize("exists", [False, True])
def test_an_interrupted_sample_leaves_the_folder_as_it_was(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "new"
    if exists:
        folder.mkdir()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(folder, 4, SIZE, progress=interrupt)
    assert folder.exists() == exists
    assert list(tmp_path.rglob("*")) == ([folder] if exists else [])


KILLED = """
import os, signal, sys
from napari_unlearn.data.synthetic.sample import write_sample

write_sample(sys.argv[1], 4, 64, progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL.")
def test_the_next_sample_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert [path.name for path in left.rglob("*.jpg")] == ["train-0001.jpg"]
    assert len(write_sample(tmp_path, 4, 64).split("train")) == 4
    assert not left.exists()


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\)"):
        write_sample(tmp_path / "new", 4, SIZE)
    assert not (tmp_path / "new").exists()


def test_progress_counts_every_case(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_sample(tmp_path / "new", 4, 64, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 44) for i in range(1, 45)]
    shutil.rmtree(tmp_path / "new")


def test_the_margin_of_coarse_masks_can_be_chosen_and_changes_nothing_else(tmp_path: Path) -> None:
    usual = write_sample(tmp_path / "usual", 4, SIZE, fine=1, seed=5)
    said = write_sample(tmp_path / "said", 4, SIZE, fine=1, seed=5, margin=MARGIN["box"])
    wide = write_sample(tmp_path / "wide", 4, SIZE, fine=1, seed=5, margin=0.3)
    for a, b, c in zip(usual.cases, said.cases, wide.cases, strict=True):
        np.testing.assert_array_equal(a.coarse(), b.coarse())
        np.testing.assert_array_equal(a.fine(), c.fine())
        np.testing.assert_array_equal(a.image(), c.image())
        assert (c.coarse()[a.coarse() > 0] > 0).all()  # type: ignore[index, operator]
    lesion, coarse = (sum(int((mask() > 0).sum()) for mask in masks) for masks in (  # type: ignore[operator]
        [case.fine for case in wide.refined("train")], [case.coarse for case in wide.refined("train")]
    ))  # fmt: skip
    assert 1 - lesion / coarse > 0.8
    assert "--coarse-margin 0.3" in (wide.root / "dataset.toml").read_text()
    assert "margin" not in (usual.root / "dataset.toml").read_text()


def test_diagnoses_can_be_drawn_farther_apart_and_the_folder_says_so(tmp_path: Path) -> None:
    apart = write_sample(tmp_path / "apart", 4, SIZE, seed=5, separation=4)
    usual = write_sample(tmp_path / "usual", 4, SIZE, seed=5)
    assert apart.source.endswith("--coarse box --separation 4")
    assert "--separation" not in usual.source
    assert sha256_file(apart.cases[0].image_path) != sha256_file(usual.cases[0].image_path)


def test_an_impossible_separation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be -1 standard deviations apart; choose 0 to 10"):
        write_sample(tmp_path / "new", 4, SIZE, separation=-1)
