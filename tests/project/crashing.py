"""A program that paints until it is killed; imports once, and forks a painter whenever it is asked to.

Reads lines `FOLDER CASE FIRST` and answers with `pid N`, then with the number of every stroke that is done, then, when
the painter was killed, with `dead`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.project import Project, store
from napari_unlearn.project.delta import Mask


def stroke(number: int, fine: Mask) -> list[tuple[slice, slice]]:
    """Rectangles that a stroke trims, some of them back and forth; the same for the same number."""
    rng = np.random.default_rng(number)
    parts = []
    for _ in range(5):
        top, left = rng.integers(0, fine.shape[0] - 4), rng.integers(0, fine.shape[1] - 6)
        parts.append((slice(int(top), int(top) + 4), slice(int(left), int(left) + 6)))
    return parts


def paint(number: int, fine: Mask, part: tuple[slice, slice]) -> None:
    """One movement of the brush."""
    fine[part] = np.where(fine[part] > 0, 0, (number % 2) + 1)


def main() -> None:
    """Wait to be asked."""
    store.IDLE = store.FLUSH = 0.001  # so that it is also killed while it writes masks
    for line in sys.stdin:
        root, case_id, first = line.split()
        child = os.fork()
        if child == 0:
            tell(f"pid {os.getpid()}")
            project = Project(open_dataset(Path(root)))
            assert not project.read_only
            project.select(case_id)
            assert project.editing is not None
            for number in range(int(first), int(first) + 100_000):
                for part in stroke(number, project.editing.fine):
                    paint(number, project.editing.fine, part)
                    project.editing.touch(part)
                project.record("trim")
                tell(str(number))
        os.waitpid(child, 0)
        tell("dead")


def tell(text: str) -> None:
    """Answer, past every buffer."""
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main()
