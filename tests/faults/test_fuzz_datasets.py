"""Damaged and crafted data sets: tables, settings, names of files, links that lead out, and the published layouts."""

from __future__ import annotations

import random
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError

HERE = Path(__file__).parent
FUZZ = runpy.run_path(str(HERE / "fuzz.py"), run_name="fuzz")
damaged, opens_or_says, fuzzed, seeds = (FUZZ[name] for name in ("damaged", "opens_or_says", "fuzzed", "seeds"))
EXAMPLES = FUZZ["EXAMPLES"]
IMAGES = runpy.run_path(str(HERE / "test_fuzz_images.py"), run_name="images")["CORPUS"]
CSV = b"id,split,diagnosis,age\na,train,malignant,40\nb,test,benign,50\n"
TOML = b'name = "x"\nclasses = ["background", "benign", "malignant"]\nlicence = "CC0"\n'
PH2 = b"|| Name || Histological Diagnosis || Clinical Diagnosis ||\n|| IMD003 || || 0 ||\n|| IMD009 || || 2 ||\n"
OWN, TWO = "own folder", ("ISIC_1", "ISIC_2")
# Folder of images, of masks, ending of masks, table, and what it says.
PUBLISHED = {
    "ISIC 2016": (
        "ISBI2016_ISIC_Part1_Training_Data", "ISBI2016_ISIC_Part1_Training_GroundTruth", "_Segmentation",
        "ISBI2016_ISIC_Part3_Training_GroundTruth.csv", b"ISIC_1,benign\nISIC_2,malignant\n",
    ),
    "ISIC 2017": (
        "ISIC-2017_Training_Data", "ISIC-2017_Training_Part1_GroundTruth", "_segmentation",
        "ISIC-2017_Training_Part3_GroundTruth.csv",
        b"image_id,melanoma,seborrheic_keratosis\nISIC_1,1.0,0.0\nISIC_2,0.0,0.0\n",
    ),
    "ISIC 2018": (
        "ISIC2018_Task1-2_Training_Input", "ISIC2018_Task1_Training_GroundTruth", "_segmentation",
        "ISIC2018_Task3_Training_GroundTruth.csv", b"image,MEL,NV\nISIC_1,1.0,0.0\nISIC_2,0.0,1.0\n",
    ),
    "HAM10000": (
        "HAM10000_images_part_1", "HAM10000_segmentations_lesion_tschandl", "_segmentation",
        "HAM10000_metadata.csv", b"lesion_id,image_id,dx,age\nL,ISIC_1,mel,3\nL,ISIC_2,nv,4\n",
    ),
}  # fmt: skip
NAMES = [
    "a",
    "b",
    ".",
    "..",
    "é",
    "e\u0301",
    "\u202e",
    "=",
    " ",
    "%s",
    "x" * 60,
    "\n",
    "\udcff",
    "CON",
    "\\",
    ".png",
    ".PNG",
    ".dcm",
]
TARGETS = ["/etc/passwd", "../metadata.csv", "..", "../..", "a.png", "/dev/zero", "nowhere", "../../outside.png"]


def own(root: Path) -> Path:
    for part in ("images", "coarse", "fine"):
        (root / part).mkdir(parents=True)
        for case_id in "ab":
            (root / part / f"{case_id}.png").write_bytes(IMAGES["png"][0 if part == "images" else 1])
    (root / "metadata.csv").write_bytes(CSV)
    (root / "dataset.toml").write_bytes(TOML)
    return root


def published(root: Path, name: str) -> tuple[Path, str, bytes]:
    if name == "PH2":
        for case_id in ("IMD003", "IMD009"):
            for part, file, data in (
                ("Dermoscopic_Image", "", IMAGES["bmp"][0]),
                ("lesion", "_lesion", IMAGES["bmp"][1]),
            ):
                folder = root / "PH2 Dataset images" / case_id / f"{case_id}_{part}"
                folder.mkdir(parents=True)
                (folder / f"{case_id}{file}.bmp").write_bytes(data)
        return root, "PH2_dataset.txt", PH2
    images, masks, ending, table, text = PUBLISHED[name]
    (root / images).mkdir(parents=True)
    (root / masks).mkdir()
    for case_id in TWO:
        (root / images / f"{case_id}.jpg").write_bytes(IMAGES["jpg"][0])
        (root / masks / f"{case_id}{ending}.png").write_bytes(IMAGES["png"][1])
    return root, table, text


def read_all(root: Path) -> Dataset:
    """Open a data set and everything in it."""
    dataset = open_dataset(root)
    assert dataset.splits or dataset.split("train") == dataset.cases
    assert 0 < dataset.positive < len(dataset.classes)
    for case in dataset.cases:
        for read in (case.image, case.coarse, case.fine, case.artefacts, lambda case=case: case.shape):
            said = ""
            try:
                read()
            except UserError as error:
                said = str(error)
            assert not said or str(root) in said or "has no coarse mask" in said, said
    return dataset


def fuzz(change: Callable[[int], Path], record: Any, where: str) -> int:
    """Change a data set in many ways, and open it each time; how many ways it stood."""
    stood = []

    @fuzzed
    @given(seeds)
    def check(seed: int) -> None:
        root = change(seed)
        opens_or_says(lambda: read_all(root), root)
        record.count("damaged or crafted file", where)
        stood.append(seed)

    check()
    return len(stood)


@pytest.mark.parametrize(("name", "whole"), [("metadata.csv", CSV), ("dataset.toml", TOML)])
def test_tables_and_settings(name: str, whole: bytes, tmp_path: Path, record: Any) -> None:
    root = own(tmp_path / "dataset")

    def change(seed: int) -> Path:
        (root / name).write_bytes(damaged(whole, seed))
        return root

    assert fuzz(change, record, name) == EXAMPLES


@pytest.mark.parametrize("name", [*PUBLISHED, "PH2"])
def test_tables_of_published_data_sets(name: str, tmp_path: Path, record: Any) -> None:
    root, table, whole = published(tmp_path / "dataset", name)
    (root / table).write_bytes(whole)
    assert len(read_all(root).cases) == 2

    def change(seed: int) -> Path:
        (root / table).write_bytes(damaged(whole, seed))
        return root

    assert fuzz(change, record, "published layouts") == EXAMPLES


def test_names_of_files_and_links_that_lead_out(tmp_path: Path, record: Any) -> None:
    whole = own(tmp_path / "whole")
    (tmp_path / "outside.png").write_bytes(IMAGES["png"][1])

    def change(seed: int) -> Path:
        rng, root = random.Random(seed), tmp_path / "dataset"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(whole, root)
        for _ in range(rng.randint(1, 3)):
            part = root / rng.choice(("images", "coarse", "fine", "artefacts", "."))
            part.mkdir(exist_ok=True)
            path = part / "".join(rng.choices(NAMES, k=rng.randint(1, 4)))
            try:
                if rng.random() < 0.4:
                    path.unlink(missing_ok=True)
                    path.symlink_to(rng.choice(TARGETS))
                elif rng.random() < 0.2:
                    path.mkdir()
                else:
                    path.write_bytes(IMAGES["png"][1])
            except (OSError, ValueError):  # no name on this system
                continue
        return root

    assert fuzz(change, record, "names and links in a data set") == EXAMPLES


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        (b"id,split\na,train\na,test\n", False),
        (b"id,split\n../a,train\n", False),
        (b"id\n" + b"a\n" * 100_000, False),
        (b"id," + b",".join(b"c%d" % i for i in range(100_000)) + b"\n", True),
        (b'id,x\na,"' + b"y" * 200_000 + b'"\n', False),
        ("id,split\na,train\n".encode("utf-16"), False),
        ("id,split,note\na,train,Läsion\n".encode("latin-1"), False),
        (b"id,split,=HYPERLINK(1)\na,train,=cmd|' /C calc'!A0\n", True),
    ],
)
def test_tables_that_are_meant_to_do_harm(text: bytes, opens: bool, tmp_path: Path, record: Any) -> None:
    root = own(tmp_path / "dataset")
    (root / "metadata.csv").write_bytes(text)
    opened = opens_or_says(lambda: read_all(root), root)
    record.count("damaged or crafted file", "metadata.csv")
    assert opened == opens
