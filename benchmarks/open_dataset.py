"""How long a data set of ten thousand cases takes to open, and how much memory a case holds.

    python benchmarks/open_dataset.py [CASES]

The images are 8 by 8 pixels: opening must not depend on their size, since it reads none.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
from PIL import Image

from napari_unlearn.data import open_dataset, write_mask


def write(root: Path, cases: int) -> None:
    image, mask = root / "image.png", root / "mask.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(image)
    write_mask(mask, np.zeros((8, 8), np.uint8))
    for part in ("images", "coarse", "fine", "artefacts"):
        (root / part).mkdir()
    rows = ["id,split,diagnosis,lesion,age,sex,site"]
    for i in range(cases):
        for part in ("images", "coarse", "artefacts", *(["fine"] if i % 10 == 0 else [])):
            shutil.copyfile(image if part == "images" else mask, root / part / f"case-{i:06d}.png")
        rows.append(f"case-{i:06d},train,{('benign', 'malignant')[i % 2]},lesion-{i // 2},{i % 90},female,back")
    (root / "metadata.csv").write_text("\n".join(rows), encoding="utf-8")


def main(cases: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, cases)
        start = time.perf_counter()
        dataset = open_dataset(root)
        seconds = time.perf_counter() - start
        del dataset
        tracemalloc.start()
        dataset = open_dataset(root)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    count = len(dataset.cases)
    print(f"{count} cases: {seconds:.2f} s, {held / count:.0f} bytes a case held, {peak / count:.0f} at the peak")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
