"""PH2: a folder for every image, and one table drawn with bars in a text file."""

from __future__ import annotations

import re
from pathlib import Path

from napari_unlearn.data.layouts.listing import Layout, Listing
from napari_unlearn.data.layouts.published import Facts, Part, find_folder, listing
from napari_unlearn.data.limits import open_file
from napari_unlearn.data.tree import MASKS, Tree

IMAGE_FOLDER = "PH2 Dataset images"
TABLE = "PH2_dataset.txt"
CASE = re.compile(r"IMD\d+")
# Columns stand between double bars, the dermoscopic criteria among themselves between single ones.
BARS = re.compile(r"\|\|?")
CLINICAL = {"0": "common nevus", "1": "atypical nevus", "2": "melanoma"}


def _read(tree: Tree) -> Listing:
    images: dict[str, Path] = {}
    masks: dict[str, Path] = {}
    folder = find_folder(tree, IMAGE_FOLDER) or IMAGE_FOLDER
    for name in tree.folders(folder):
        if CASE.fullmatch(name):
            images |= tree.by_id(folder, name, f"{name}_Dermoscopic_Image")
            masks |= tree.by_id(folder, name, f"{name}_lesion", suffixes=MASKS, ending="_lesion")
    table = tree.file(TABLE)
    return listing(
        tree,
        "PH2",
        [Part(images, masks)],
        _facts(table) if table is not None else Facts(),
        licence="research and education only",
        source="PH2, Mendonca et al. 2013, doi:10.1109/EMBC.2013.6610779",
    )


def _facts(path: Path) -> Facts:
    with open_file(path) as stream:
        # Only plain ASCII cells are used; legends may be in any encoding.
        lines = stream.read().decode("ascii", errors="replace").splitlines()
    facts = Facts()
    names: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in BARS.split(line.strip())][1:]
        if "Name" in cells:
            names = cells
        elif cells and CASE.fullmatch(cells[0]) and "Clinical Diagnosis" in names:
            row = dict(zip(names, cells, strict=False))
            further = {name: cell for name, cell in row.items() if name and name != "Name"}
            facts.add(cells[0], CLINICAL.get(row.get("Clinical Diagnosis", ""), ""), further)
    return facts


PH2 = Layout(
    title="PH2",
    looks_for=f"{IMAGE_FOLDER}/ and {TABLE}",
    recognises=lambda tree: find_folder(tree, IMAGE_FOLDER) is not None,
    is_part=IMAGE_FOLDER.__eq__,
    read=_read,
)
