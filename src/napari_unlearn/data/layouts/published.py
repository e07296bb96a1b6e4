"""From the files of a published data set to cases: what the layouts of ISIC, HAM10000 and PH2 have in common.

Their expert outlines serve as *coarse* masks here: they are the annotation that the clinician refines. They only say
"lesion", so the class comes from the diagnosis. Fine masks of our own lie in `fine/` beside the published folders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_unlearn.data.case import Case
from napari_unlearn.data.layouts.diagnoses import BENIGN, MALIGNANT, group
from napari_unlearn.data.layouts.listing import BACKGROUND, Listing
from napari_unlearn.data.tree import IMAGES, MASKS, Tree
from napari_unlearn.errors import UserError

CLASSES = (BACKGROUND, BENIGN, MALIGNANT)
CLASSES_WITHOUT_DIAGNOSIS = (BACKGROUND, "lesion")


@dataclass(frozen=True)
class Part:
    """Images of one split with their masks, by id."""

    images: Mapping[str, Path]
    masks: Mapping[str, Path]
    split: str | None = None


@dataclass
class Facts:
    """What the tables say, by id: the diagnosis as published, and every further column."""

    diagnoses: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, case_id: str, diagnosis: str, further: Mapping[str, str]) -> None:
        """Note a row; an empty diagnosis leaves an earlier one in place."""
        if diagnosis:
            self.diagnoses[case_id] = diagnosis
        self.metadata.setdefault(case_id, {}).update(further)


def find_folder(tree: Tree, name: str) -> str | None:
    """Spelling of a folder of the tree. Mirrors change capitals, and some hold the same folder in both spellings."""
    if name in tree.top:
        return name
    return next((found for found in tree.top if found.lower() == name.lower()), None)


def files_of(tree: Tree, name: str, *, masks: bool = False, ending: str = "") -> dict[str, Path]:
    """Images or masks in a published folder, also when it was unpacked into a folder of its own name."""
    folder = find_folder(tree, name)
    if folder is None:
        return {}
    suffixes = MASKS if masks else IMAGES
    found = tree.by_id(folder, suffixes=suffixes, ending=ending)
    inner = tree.folders(folder)
    if not found and len(inner) == 1:
        found = tree.by_id(folder, *inner, suffixes=suffixes, ending=ending)
    return found


def listing(tree: Tree, name: str, parts: Iterable[Part], facts: Facts, *, licence: str, source: str) -> Listing:
    """Put cases together.

    Where diagnoses are known the classes are background, benign and malignant, and the mask of a case without one is
    left out, since its class would be a guess. Where none is known the classes are background and lesion.

    Raises
    ------
    UserError
        There is no image, or a case is in two splits.
    """
    parts = tuple(parts)
    fine, artefacts = (tree.by_id(folder, suffixes={".png"}) for folder in ("fine", "artefacts"))
    diagnosed = any(group(facts.diagnoses.get(case_id, "")) for part in parts for case_id in part.masks)
    classes = CLASSES if diagnosed else CLASSES_WITHOUT_DIAGNOSIS
    cases: dict[str, Case] = {}
    left_out = 0
    for part in parts:
        for case_id, path in part.images.items():
            if case_id in cases:
                first = cases[case_id].image_path
                raise UserError(f"{first} and {path} are the same case {case_id}; keep one of them.")
            diagnosis = group(facts.diagnoses.get(case_id, ""))
            mask = part.masks.get(case_id)
            if mask is not None and diagnosed and diagnosis is None:
                mask = None
                left_out += 1
            cases[case_id] = Case(
                id=case_id,
                image_path=path,
                coarse_path=mask,
                fine_path=fine.get(case_id),
                artefact_path=artefacts.get(case_id),
                split=part.split,
                diagnosis=diagnosis,
                metadata=facts.metadata.get(case_id, {}),
                class_values={1: classes.index(diagnosis)} if diagnosed and diagnosis else {},
                classes=len(classes),
            )
    if not cases:
        raise UserError(f"{tree.root} is laid out like {name}, but holds no image; unpack the images there.")
    notes = (f"Masks left out, because the diagnosis of the lesion is not known: {left_out}.",) if left_out else ()
    return Listing(name, classes, tuple(cases[case_id] for case_id in sorted(cases)), licence, source, notes)
