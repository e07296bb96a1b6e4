"""A data set: its classes and its cases, listed at once and read one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from napari_unlearn.data.case import Case
from napari_unlearn.data.detect import detect
from napari_unlearn.errors import UserError

# Names under which the class of interest goes; the score of a case is the probability of that class.
POSITIVE = frozenset({"malignant", "melanoma", "mel"})
# Splits are listed in this order, others between, by name.
FIRST, SECOND = ("train", "training"), ("val", "valid", "validation")


@dataclass(frozen=True)
class Dataset:
    """A data set on disk.

    Attributes
    ----------
    root : Path
        Its folder.
    name : str
        What to call it.
    classes : tuple of str
        Class names by id; the first is "background".
    cases : tuple of Case
        Sorted by id.
    licence, source : str
        Terms of use and origin, "" where unknown.
    notes : tuple of str
        Sentences for the user on what was left out and why.
    """

    root: Path
    name: str
    classes: tuple[str, ...]
    cases: tuple[Case, ...]
    licence: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def positive(self) -> int:
        """Id of the class whose pooled probability is the score of a case: malignant or melanoma, else the last."""
        named = [i for i, name in enumerate(self.classes) if name.lower() in POSITIVE]
        return named[0] if named else len(self.classes) - 1

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits: training, then validation, then the others."""
        names = {case.split for case in self.cases if case.split is not None}
        return tuple(sorted(names, key=lambda name: (name.lower() not in FIRST, name.lower() not in SECOND, name)))

    def split(self, name: str) -> tuple[Case, ...]:
        """Cases of one split. Where the data set names no split at all, every case is in "train".

        Raises
        ------
        UserError
            There is no such split.
        """
        if name == "train" and not self.splits:
            return self.cases
        if name not in self.splits:
            known = ", ".join(self.splits) or "none, so all cases are in train"
            raise UserError(f"{self.name} has no split {name!r}; its splits are: {known}.")
        return tuple(case for case in self.cases if case.split == name)

    def case(self, case_id: str) -> Case:
        """Return the case of this id.

        Raises
        ------
        UserError
            There is none.
        """
        try:
            return self.cases[self._places[case_id]]
        except KeyError:
            raise UserError(f"{self.name} has no case {case_id!r}; check the spelling.") from None

    def refined(self, split: str | None = None) -> tuple[Case, ...]:
        """Cases that have a fine mask, of one split or of all."""
        return tuple(case for case in (self.cases if split is None else self.split(split)) if case.is_refined)

    def with_fine(self, case_id: str) -> Dataset:
        """Copy that knows of the fine mask of a case, after it was saved where `fine_path_for` says."""
        case = self.case(case_id)
        place = self._places[case_id]
        refined = replace(case, fine_path=fine_path_for(self, case))
        return replace(self, cases=(*self.cases[:place], refined, *self.cases[place + 1 :]))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {case.id: place for place, case in enumerate(self.cases)}


def open_dataset(path: Path | str) -> Dataset:
    """Open a data set folder or a published data set (ISIC 2016, 2017, 2018, HAM10000, PH2). No image is read yet.

    Parameters
    ----------
    path : Path or str
        The folder of the data set, the one above it, or one of the folders inside it.

    Returns
    -------
    Dataset
        Its root is absolute.

    Raises
    ------
    UserError
        The folder is none of these, or something in it is not as it should be; the sentence says what.
    """
    tree, layout = detect(Path(path))
    listing = layout.read(tree)
    return Dataset(
        root=tree.root,
        name=listing.name,
        classes=listing.classes,
        cases=listing.cases,
        licence=listing.licence,
        source=listing.source,
        notes=listing.notes,
    )


def fine_path_for(dataset: Dataset, case: Case) -> Path:
    """Where the fine mask of a case is saved, in every layout: `fine/<id>.png` in the folder of the data set."""
    return dataset.root / "fine" / f"{case.id}.png"
