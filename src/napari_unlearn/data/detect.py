"""Which layout a folder has, also when the user opened the folder above it or one inside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_unlearn.data.layouts import LAYOUTS, Layout
from napari_unlearn.data.tree import Tree
from napari_unlearn.errors import UserError

# A part of a published data set may have been unpacked into a folder of its own name.
LEVELS_UP = 2


def detect(path: Path) -> tuple[Tree, Layout]:
    """Find the data set meant by `path`: the folder itself, the one it is a part of, or the only one in it.

    Raises
    ------
    UserError
        There is none, or more than one.
    """
    tree = Tree.at(_folder(path))
    for candidate in (tree, *_above(tree)):
        layout = _layout(candidate)
        if layout is not None:
            return _outermost(candidate, layout), layout
    inner = [Tree.at(folder) for folder in tree.top.values()]
    below = [(candidate, layout) for candidate in inner if (layout := _layout(candidate))]
    if len(below) > 1:
        names = ", ".join(candidate.root.name for candidate, _ in below[:5])
        raise UserError(f"{tree.root} holds several data sets ({names}); open one of them.")
    if below:
        return below[0]
    looked = "; ".join(f"{layout.looks_for} for {layout.title}" for layout in LAYOUTS)
    raise UserError(f"{tree.root} is not a data set this program knows. It looked for {looked}.")


def _folder(path: Path) -> Path:
    path = path.expanduser()
    if path.name in ("metadata.csv", "dataset.toml"):
        path = path.parent
    if path.is_dir():
        return path
    if path.exists():
        raise UserError(f"{path} is a file; open the folder of the data set.")
    raise UserError(f"{path} does not exist; check the spelling, or whether its drive is connected.")


def _above(tree: Tree) -> Iterator[Tree]:
    folder = tree.root
    for _ in range(LEVELS_UP):
        if not any(layout.is_part(folder.name) for layout in LAYOUTS):
            return
        folder = folder.parent
        yield Tree(folder)


def _outermost(tree: Tree, layout: Layout) -> Tree:
    # A part unpacked into its own name looks like the whole from within.
    above = Tree(tree.root.parent)
    unpacked = layout is not LAYOUTS[-1] and layout.is_part(tree.root.name) and layout.recognises(above)
    return above if unpacked else tree


def _layout(tree: Tree) -> Layout | None:
    found = [layout for layout in LAYOUTS if layout.recognises(tree)]
    published = [layout for layout in found if layout is not LAYOUTS[-1]]
    if len(published) > 1:
        titles = ", ".join(layout.title for layout in published)
        raise UserError(f"{tree.root} mixes {titles}; move each into a folder of its own.")
    return found[0] if found else None
