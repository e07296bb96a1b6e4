"""How leakage estimates of a real model depend on the number of images, where there are enough of them to know it.

    python benchmarks/leakage_by_images.py [--cases 3000]

A head is trained on the coarse masks of the sample (600 cases of 128 px, seed 0). Of another seed a third of --cases
conflicting test images are drawn, and the leakage of the class that leaks most is estimated on all of them and on sets
of 50, 100, 200 and 500, ten times each. Prints a table in Markdown: mean ± standard deviation over the sets.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.evaluation.leakage import SPURIOUS
from napari_unlearn.leakage import Estimator, s_global
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask

IMAGES = (50, 100, 200, 500)
SETS = 10


def run(*arguments: object) -> None:
    """Run one command of the package."""
    subprocess.run([sys.executable, "-m", "napari_unlearn", *map(str, arguments)], check=True, stdout=sys.stderr)


def predicted(folder: Path, cases: int) -> tuple[np.ndarray, ...]:
    """Artefacts, truth and prediction of the conflicting test images, each of shape (N, H, W)."""
    run("sample", folder / "train", "--cases", 600, "--size", 128, "--seed", 0)
    run("train", folder / "train", "--out", folder / "model", "--encoder", "shipped", "--device", "cpu")
    run("sample", folder / "test", "--cases", cases, "--size", 128, "--seed", 77, "--fine", 0)
    segmenter = load_segmenter(folder / "model")
    images = [
        ((case.artefacts() & SPURIOUS) > 0, case.fine(), predict_mask(segmenter, case.image()))
        for case in open_dataset(folder / "test").split("test_conflicting")
    ]
    return tuple(map(np.stack, zip(*images, strict=True)))


def main() -> None:
    """Draw, train, predict, estimate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stacks = predicted(Path(folder), arguments.cases)
    everything = len(stacks[0])
    print(f"| estimator | {' | '.join(f'{n} images' for n in (*IMAGES, everything))} |")
    print("|---|" + "---:|" * (len(IMAGES) + 1))
    for estimator in get_args(Estimator):
        rng, cells = np.random.default_rng(0), []
        for images in (*IMAGES, everything):
            values = []
            for _ in range(1 if images == everything else SETS):
                chosen = rng.permutation(everything)[:images]
                found = s_global(*(stack[chosen] for stack in stacks), estimator=estimator, resamples=1, permutations=0)
                values.append(found.normalised)
            spread = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.4f}{spread}")
        print(f"| `{estimator}` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
