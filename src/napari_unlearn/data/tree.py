"""What lies in a folder, asked once a folder and never once a file: ten thousand cases open in a second or two."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from napari_unlearn.data.ids import check_id, normal
from napari_unlearn.errors import UserError

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".dcm"})
MASKS = frozenset({".png", ".tif", ".tiff", ".bmp"})


@dataclass(frozen=True)
class Tree:
    """Lists folders below `root`, and refuses links that lead out of it.

    Such a link would let a data set from elsewhere read any file of this computer, or have a mask saved over it.

    Attributes
    ----------
    root : Path
        Absolute folder without links.
    """

    root: Path

    @classmethod
    def at(cls, folder: Path) -> Tree:
        """Make the tree below `folder`, which may itself be reached through a link."""
        return cls(folder.resolve())

    @cached_property
    def top(self) -> dict[str, Path]:
        """Folders directly below the root, by name; asked of the disk once, since every layout looks here."""
        return self.folders()

    def folders(self, *parts: str) -> dict[str, Path]:
        """Folders in a folder, by name, sorted; empty where it does not exist."""
        return {name: path for name, path, is_folder in self._entries(parts) if is_folder}

    def files(self, *parts: str) -> dict[str, Path]:
        """Files in a folder, by name, sorted; empty where it does not exist."""
        return {name: path for name, path, is_folder in self._entries(parts) if not is_folder}

    def file(self, *parts: str) -> Path | None:
        """One file, or None where it does not exist."""
        path = self.root.joinpath(*parts)
        if not path.is_file() and not path.is_symlink():
            return None
        self._check_inside(path)
        return path

    def by_id(self, *parts: str, suffixes: Collection[str] = IMAGES, ending: str = "") -> dict[str, Path]:
        """Files with one of `suffixes`, by the id that stands before `ending` and suffix.

        Raises
        ------
        UserError
            An id is not safe, or two files have the same one.
        """
        found: dict[str, Path] = {}
        for name, path in self.files(*parts).items():
            stem, dot, suffix = name.rpartition(".")
            if not dot or f".{suffix.lower()}" not in suffixes or not stem.endswith(ending):
                continue
            case_id = check_id(stem.removesuffix(ending), path.parent)
            if case_id in found:
                message = (
                    f"{path.parent} has two files for the case {case_id}: {found[case_id].name} and {name}; keep one."
                )
                raise UserError(message)
            found[case_id] = path
        return found

    def _entries(self, parts: Sequence[str]) -> Iterator[tuple[str, Path, bool]]:
        folder = self.root.joinpath(*parts)
        try:
            with os.scandir(folder) as entries:
                listed = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
            if parts:
                self._check_inside(folder)
            for entry in listed:
                path = folder / entry.name
                # Links beside the parts of a data set, such as one to a model, are nobody's business here.
                if parts and entry.is_symlink():
                    self._check_inside(path)
                yield normal(entry.name), path, entry.is_dir()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"{folder} cannot be listed ({reason}); check that you may read it.") from error

    def _check_inside(self, path: Path) -> None:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise UserError(f"{path} is a link that leads nowhere; remove it or copy the file itself there.") from error
        if not target.is_relative_to(self.root):
            message = (
                f"{path} is a link that leaves the data set folder; copy what it points to into the folder instead."
            )
            raise UserError(message)
