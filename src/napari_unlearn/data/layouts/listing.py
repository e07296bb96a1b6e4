"""What a layout finds in a folder, and how a layout presents itself to the detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_unlearn.data.case import Case
from napari_unlearn.data.tree import Tree

BACKGROUND = "background"


@dataclass(frozen=True)
class Listing:
    """A data set as a layout read it.

    Attributes
    ----------
    name : str
        What to call the data set.
    classes : tuple of str
        Class names; the first is "background".
    cases : tuple of Case
        Sorted by id.
    licence, source : str
        Terms of use and origin, "" where unknown.
    notes : tuple of str
        Sentences on what was left out and why.
    """

    name: str
    classes: tuple[str, ...]
    cases: tuple[Case, ...]
    licence: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """One way in which data sets are laid out on disk.

    Attributes
    ----------
    title : str
        Its name.
    looks_for : str
        What it needs to see, for the sentence about a folder that nobody recognises.
    recognises : callable
        Whether the folder of a tree is laid out so; reads at most one folder.
    is_part : callable
        Whether a folder of this name is an inner folder of such a data set.
    read : callable
        The data set.
    """

    title: str
    looks_for: str
    recognises: Callable[[Tree], bool]
    is_part: Callable[[str], bool]
    read: Callable[[Tree], Listing]
