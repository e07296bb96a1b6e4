"""How long a finished stroke, an undo and a reset take: in the journal of a project, at several sizes of image.

    python benchmarks/journal.py

Times are milliseconds of this thread's processor, because other programs on the machine would count otherwise, and of
the clock. Strokes are 60 stamps of a brush of 40 pixels.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.data.encode import write_mask
from napari_unlearn.project import Project
from napari_unlearn.project.history import FINE

SIZES = ((767, 1022), (2000, 3000), (4000, 6000))
STROKES, STAMPS, RADIUS = 60, 60, 20


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the processor and of the clock."""
    began, ticked = time.thread_time(), time.perf_counter()
    action()
    return (time.thread_time() - began) * 1e3, (time.perf_counter() - ticked) * 1e3


def data_set(root: Path, height: int, width: int) -> None:
    """One case with a large ellipse."""
    (root / "images").mkdir(parents=True)
    Image.new("RGB", (width, height), (200, 150, 120)).save(root / "images" / "a.jpg")
    rows, columns = np.ogrid[:height, :width]
    inside = np.hypot((rows - height / 2) / (height / 2.2), (columns - width / 2) / (width / 2.2)) < 1
    write_mask(root / "coarse" / "a.png", inside.astype(np.uint8))


def stroke(project: Project, rng: np.random.Generator, disk: np.ndarray) -> None:
    """Paint as a mouse does."""
    assert project.editing is not None
    height, width = project.editing.fine.shape
    row, column = rng.integers(RADIUS, height - RADIUS), rng.integers(RADIUS, width - RADIUS)
    drift = rng.uniform(-8, 8, 2)
    for _ in range(STAMPS):
        row = int(np.clip(row + drift[0], RADIUS, height - RADIUS - 1))
        column = int(np.clip(column + drift[1], RADIUS, width - RADIUS - 1))
        area = slice(row - RADIUS, row + RADIUS + 1), slice(column - RADIUS, column + RADIUS + 1)
        project.editing.fine[area][disk] = 0
        project.editing.touch(area)


def measure(height: int, width: int) -> str:
    """One line of the table."""
    rng = np.random.default_rng(0)
    disk = np.hypot(*np.mgrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]) <= RADIUS
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        data_set(root, height, width)
        with Project(open_dataset(root)) as project:
            project.select("a")
            strokes, undos = [], []
            for _ in range(STROKES):
                stroke(project, rng, disk)
                strokes.append(timed(lambda: project.record("trim")))
                time.sleep(0.05)
            size = next((root / "unlearn-runs" / "journal").iterdir()).stat().st_size / STROKES
            for _ in range(STROKES // 2):
                undos.append(timed(project.undo))
            assert project.editing is not None
            coarse = project.editing.coarse
            reset = timed(lambda: project.replace(FINE, coarse, "start from coarse"))
    cells = [f"{processor:.1f} ({clock:.1f})" for processor, clock in (*map(middle, (strokes, undos)), reset)]
    return f"| {width} x {height} | {' | '.join(cells)} | {size:.0f} |"


def middle(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Median of each."""
    processor, clock = np.median(np.array(times), 0)
    return float(processor), float(clock)


if __name__ == "__main__":
    print("| image | stroke, ms (clock) | undo | reset | bytes a stroke |\n|---|---|---|---|---|")
    for size in SIZES:
        print(measure(*size))
