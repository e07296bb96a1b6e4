"""A window in which strokes are painted until it is killed: says the case, then the number of every finished stroke."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import napari
import numpy as np
from numpy.typing import NDArray
from qtpy.QtWidgets import QApplication

from napari_unlearn.plugin import warm
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import open_in


def main(root: Path) -> None:
    """Paint as the mouse does: many small movements, and then the end of the stroke."""
    warm.start = lambda *_: None
    viewer = napari.Viewer(show=False)
    controller = open_in(viewer).controller
    controller.opening.open(root)
    bench = controller.bench
    while not (bench.has_project and bench.project.case is not None):
        QApplication.processEvents()
    controller.perform("go_refine")
    tell(bench.project.case.id)
    layer = bench.book.find(Role.FINE)
    layer.brush_size = 5
    for number, (row, column) in enumerate(places(bench.project.editing.coarse), 1):
        with layer.block_history():
            for shift in range(4):
                layer.paint((row, column + shift), 0)
        tell(str(number))
        QApplication.processEvents()


def places(coarse: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Where the strokes begin, without end."""
    pixels = np.argwhere(coarse > 0)
    for number in count():
        row, column = pixels[number * 37 % len(pixels)].tolist()
        yield row, column


def tell(text: str) -> None:
    """Say something, past every buffer."""
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
