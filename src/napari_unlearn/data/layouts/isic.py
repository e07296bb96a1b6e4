"""The segmentation tasks of the ISIC challenges of 2016, 2017 and 2018, as their archives unpack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from napari_unlearn.data.layouts.diagnoses import BENIGN, MALIGNANT
from napari_unlearn.data.layouts.listing import Layout, Listing
from napari_unlearn.data.layouts.published import Facts, Part, files_of, find_folder, listing
from napari_unlearn.data.metadata import read_table
from napari_unlearn.data.tree import Tree

SPLITS = {"Training": "train", "Validation": "validation", "Test": "test", "Test_v2": "test"}


@dataclass(frozen=True)
class Year:
    """Names of the folders and tables of one challenge; "{}" stands for the split."""

    year: int
    images: str
    masks: str
    ending: str
    diagnoses: str
    licence: str
    source: str

    @property
    def title(self) -> str:
        """Name of the challenge."""
        return f"ISIC {self.year}"

    def splits(self, tree: Tree) -> list[str]:
        """Splits whose images are there, as the archives spell them."""
        return [split for split in SPLITS if find_folder(tree, self.images.format(split))]

    def is_part(self, name: str) -> bool:
        """Whether a folder of this name comes from the challenge."""
        return any(
            name == template.format(split) for template in (self.images, self.masks, self.diagnoses) for split in SPLITS
        )


YEARS = (
    Year(
        2016,
        images="ISBI2016_ISIC_Part1_{}_Data",
        masks="ISBI2016_ISIC_Part1_{}_GroundTruth",
        ending="_Segmentation",
        diagnoses="ISBI2016_ISIC_Part3_{}_GroundTruth",
        licence="CC0 1.0",
        source="ISIC 2016 challenge, Gutman et al., arXiv:1605.01397",
    ),
    Year(
        2017,
        images="ISIC-2017_{}_Data",
        masks="ISIC-2017_{}_Part1_GroundTruth",
        ending="_segmentation",
        diagnoses="ISIC-2017_{}_Part3_GroundTruth",
        licence="CC0 1.0",
        source="ISIC 2017 challenge, Codella et al., arXiv:1710.05006",
    ),
    Year(
        2018,
        images="ISIC2018_Task1-2_{}_Input",
        masks="ISIC2018_Task1_{}_GroundTruth",
        ending="_segmentation",
        diagnoses="ISIC2018_Task3_{}_GroundTruth",
        licence="CC BY-NC 4.0",
        source="ISIC 2018 challenge, Codella et al., arXiv:1902.03368; Tschandl et al. 2018",
    ),
)


def _read(year: Year, tree: Tree) -> Listing:
    parts = []
    facts = Facts()
    for split in year.splits(tree):
        folder = year.images.format(split)
        images = {i: path for i, path in files_of(tree, folder).items() if not i.endswith("_superpixels")}
        masks = files_of(tree, year.masks.format(split), masks=True, ending=year.ending)
        parts.append(Part(images, masks, SPLITS[split]))
        _add_further(facts, tree.file(folder, f"{folder}_metadata.csv"))
    # Tables of all splits: the diagnoses of 2018 were published with the images of another task.
    for path in _tables(year, tree):
        for case_id, diagnosis, further in _rows(year, path):
            facts.add(case_id, diagnosis, further)
    return listing(tree, year.title, parts, facts, licence=year.licence, source=year.source)


def _tables(year: Year, tree: Tree) -> Iterator[Path]:
    for split in SPLITS:
        stem = year.diagnoses.format(split)
        path = tree.file(f"{stem}.csv") or tree.file(stem, f"{stem}.csv")
        if path is not None:
            yield path


def _rows(year: Year, path: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    if year.year == 2016:
        for row in read_table(path, columns=("image_id", "diagnosis")).rows:
            # The test table says 1.0 and 0.0 for malignant and benign.
            word = row["diagnosis"]
            yield row["image_id"], {"1": MALIGNANT, "0": BENIGN}.get(_flag(word), word), {}
        return
    table = read_table(path)
    key, *names = table.columns
    for row in table.rows:
        further = {name: row[name] for name in names}
        chosen = [name for name in names if _flag(row[name]) == "1"]
        # Two columns of 2017 leave the third diagnosis unsaid.
        rest = "nevus" if year.year == 2017 and all(_flag(row[name]) == "0" for name in names) else ""
        yield row[key], chosen[0] if len(chosen) == 1 else rest, further


def _flag(cell: str) -> str:
    """Return "1" or "0" for a number that says yes or no, however it is written, else ""."""
    match = re.fullmatch(r"([01])(\.0*)?", cell)
    return match[1] if match else ""


def _add_further(facts: Facts, path: Path | None) -> None:
    if path is None:
        return
    table = read_table(path)
    key, *names = table.columns
    for row in table.rows:
        facts.add(row[key], "", {name: row[name] for name in names})


def _layout(year: Year) -> Layout:
    return Layout(
        title=year.title,
        looks_for=f"{year.images.format('Training')}/ and {year.masks.format('Training')}/",
        recognises=lambda tree: bool(year.splits(tree)),
        is_part=year.is_part,
        read=partial(_read, year),
    )


ISIC: tuple[Layout, ...] = tuple(_layout(year) for year in YEARS)
