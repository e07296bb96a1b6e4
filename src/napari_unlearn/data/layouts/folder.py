"""The package's own folder: images/, coarse/, fine/, artefacts/, metadata.csv and dataset.toml."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from sys import intern

from napari_unlearn.data.case import Case
from napari_unlearn.data.ids import check_id
from napari_unlearn.data.layouts.listing import BACKGROUND, Layout, Listing
from napari_unlearn.data.layouts.settings import MOST_CLASSES, Settings, read_settings
from napari_unlearn.data.metadata import read_table
from napari_unlearn.data.tree import IMAGES, Tree
from napari_unlearn.errors import UserError

KNOWN = ("id", "split", "diagnosis")
PARTS = frozenset({"images", "coarse", "fine", "artefacts"})


def _recognises(tree: Tree) -> bool:
    return "images" in tree.top


def _read(tree: Tree) -> Listing:
    images = tree.by_id("images")
    if not images:
        message = f"{tree.root / 'images'} holds no image; put files there ({', '.join(sorted(IMAGES))})."
        raise UserError(message)
    coarse, fine, artefacts = (_masks(tree, part) for part in ("coarse", "fine", "artefacts"))
    rows = _rows(tree, images)
    settings_path = tree.file("dataset.toml")
    settings = read_settings(settings_path) if settings_path else Settings()
    classes = settings.classes or _classes(tree, (row["diagnosis"] for row in rows.values()))
    nothing: Mapping[str, str] = {}
    cases = []
    for case_id, path in sorted(images.items()):
        row = rows.get(case_id, nothing)
        case = Case(
            id=case_id,
            image_path=path,
            coarse_path=coarse.get(case_id),
            fine_path=fine.get(case_id),
            artefact_path=artefacts.get(case_id),
            split=intern(row.get("split", "")) or None,
            diagnosis=intern(row.get("diagnosis", "")) or None,
            metadata={name: value for name, value in row.items() if name not in KNOWN} if row else nothing,
            classes=len(classes),
        )
        cases.append(case)
    return Listing(settings.name or tree.root.name, classes, tuple(cases), settings.licence, settings.source)


def _masks(tree: Tree, part: str) -> dict[str, Path]:
    found = tree.by_id(part)
    wrong = next((path for path in found.values() if path.suffix.lower() != ".png"), None)
    if wrong is not None:
        raise UserError(
            f"{wrong} is not a PNG; save masks as {part}/<id>.png, since other formats may change class ids."
        )
    return found


def _rows(tree: Tree, images: Collection[str]) -> dict[str, dict[str, str]]:
    path = tree.file("metadata.csv")
    if path is None:
        return {}
    table = read_table(path)
    names = {name: name.lower() if name.lower() in KNOWN else name for name in table.columns}
    if "id" not in names.values():
        raise UserError(f"{path} has no column 'id'; its first line must be id,split,diagnosis and any further names.")
    rows: dict[str, dict[str, str]] = {}
    double: list[str] = []
    for cells in table.rows:
        row = {"split": "", "diagnosis": ""} | {names[name]: cell for name, cell in cells.items()}
        case_id = check_id(row["id"], path)
        if case_id in rows:
            double.append(case_id)
        rows[case_id] = row
    if double:
        raise UserError(f"{path} has more than one row for {_some(double)}; keep one row a case.")
    lost = [case_id for case_id in rows if case_id not in images]
    if lost:
        raise UserError(f"{path} names {_some(lost)}, but images/ has no such image; add the image or delete the row.")
    return rows


def _classes(tree: Tree, diagnoses: Iterable[str]) -> tuple[str, ...]:
    found = sorted({diagnosis for diagnosis in diagnoses if diagnosis} - {BACKGROUND})
    if len(found) >= MOST_CLASSES:
        message = (
            f"{tree.root / 'metadata.csv'} has {len(found)} different diagnoses; write the class names in order as "
            "classes = [...] in dataset.toml."
        )
        raise UserError(message)
    return (BACKGROUND, *(found or ["lesion"]))


def _some(ids: Collection[str]) -> str:
    listed = ", ".join(list(ids)[:5])
    return listed if len(ids) <= 5 else f"{listed} and {len(ids) - 5} more"


FOLDER = Layout(
    title="data set folder",
    looks_for="images/ (with coarse/, fine/, metadata.csv)",
    recognises=_recognises,
    is_part=PARTS.__contains__,
    read=_read,
)
