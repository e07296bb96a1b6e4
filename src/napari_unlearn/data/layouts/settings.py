"""The optional dataset.toml: name, class names in order, licence and source of a data set folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.layouts.listing import BACKGROUND
from napari_unlearn.data.metadata import read_text
from napari_unlearn.errors import UserError

# Class ids are stored in 8 bits, and 255 in a mask of two values means foreground.
MOST_CLASSES = 255


@dataclass(frozen=True)
class Settings:
    """What dataset.toml says; empty where it says nothing."""

    name: str = ""
    classes: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""


def read_settings(path: Path) -> Settings:
    """Read dataset.toml. Entries of other programs are ignored.

    Raises
    ------
    UserError
        The file is not TOML, or an entry is not what it should be.
    """
    try:
        record = tomllib.loads(read_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not valid TOML ({error}); correct the file or delete it.") from error
    texts = {}
    for key in ("name", "licence", "license", "source"):
        value = record.get(key, "")
        if not isinstance(value, str):
            raise UserError(f"{path} gives {key} as {value!r}; write it in quotes.")
        texts[key] = value.strip()
    classes = _classes(path, record["classes"]) if "classes" in record else ()
    return Settings(texts["name"], classes, texts["licence"] or texts["license"], texts["source"])


def _classes(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise UserError(f'{path} gives classes as {value!r}; write classes = ["background", "benign", "malignant"].')
    names = tuple(name.strip() for name in value)
    if len(set(names)) < len(names) or not 2 <= len(names) <= MOST_CLASSES:
        raise UserError(f"{path} needs 2 to {MOST_CLASSES} different classes; it lists {len(names)}.")
    if names[0].lower() != BACKGROUND:
        raise UserError(f'{path} lists {names[0]!r} first; class 0 is the background, so write "background" first.')
    return (BACKGROUND, *names[1:])
