"""HAM10000: images in two parts, one table, and the lesion outlines that were published later."""

from __future__ import annotations

from pathlib import Path

from napari_unlearn.data.layouts.listing import Layout, Listing
from napari_unlearn.data.layouts.published import Facts, Part, files_of, find_folder, listing
from napari_unlearn.data.metadata import read_table
from napari_unlearn.data.tree import Tree
from napari_unlearn.errors import UserError

IMAGE_FOLDERS = ("HAM10000_images_part_1", "HAM10000_images_part_2", "HAM10000_images")
# Taken for images only beside the table of HAM10000.
PLAIN_FOLDER = "images"
MASK_FOLDER = "HAM10000_segmentations_lesion_tschandl"
TABLES = ("HAM10000_metadata", "HAM10000_metadata.csv", "HAM10000_metadata.tab")


def _table(tree: Tree) -> Path | None:
    return next((path for name in TABLES if (path := tree.file(name)) is not None), None)


def _recognises(tree: Tree) -> bool:
    if _table(tree) is not None and find_folder(tree, PLAIN_FOLDER):
        return True
    return any(find_folder(tree, name) for name in IMAGE_FOLDERS)


def _read(tree: Tree) -> Listing:
    table = _table(tree)
    masks = files_of(tree, MASK_FOLDER, masks=True, ending="_segmentation")
    folders = (*IMAGE_FOLDERS, PLAIN_FOLDER) if table is not None else IMAGE_FOLDERS
    parts = [Part(files_of(tree, folder), masks) for folder in folders]
    return listing(
        tree,
        "HAM10000",
        parts,
        _facts(table) if table is not None else Facts(),
        licence="CC BY-NC 4.0",
        source="HAM10000, Tschandl et al. 2018, doi:10.7910/DVN/DBW86T; outlines: Tschandl et al. 2020",
    )


def _facts(path: Path) -> Facts:
    facts = Facts()
    table = read_table(path)
    if not {"image_id", "dx"} <= set(table.columns):
        raise UserError(f"{path} lacks the column image_id or dx; download the table of HAM10000 again.")
    for row in table.rows:
        facts.add(row["image_id"], row["dx"], {name: cell for name, cell in row.items() if name != "image_id"})
    return facts


HAM10000 = Layout(
    title="HAM10000",
    looks_for=f"{IMAGE_FOLDERS[0]}/, {MASK_FOLDER}/ and HAM10000_metadata.csv",
    recognises=_recognises,
    is_part={*IMAGE_FOLDERS, MASK_FOLDER, PLAIN_FOLDER}.__contains__,
    read=_read,
)
