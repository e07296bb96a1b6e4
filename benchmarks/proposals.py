"""How well proposed masks agree with expert masks.

    python benchmarks/proposals.py --data DIR [--cases 60] [--model MODEL] [--without FILE]

DIR holds images/, masks/ (0/255) and metadata.csv. The coarse masks are made from the expert ones: a box with a margin
of a twentieth of the image, and an outline grown by as much. Prints the mean Dice with the expert mask for each method
and coarse mask, beside that of the coarse mask itself.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.errors import UserError
from napari_unlearn.masks import coarsen_box, coarsen_dilate
from napari_unlearn.proposals.outlines import CLASSICAL, OutlineRequest, propose

Mask = NDArray[np.uint8]


def dice(found: Mask, truth: Mask) -> float:
    return float(2 * ((found > 0) & (truth > 0)).sum() / max((found > 0).sum() + (truth > 0).sum(), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--without", type=Path, help="metadata.csv of the cases the model was trained on")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with (options.data / "metadata.csv").open(newline="") as stream:
        names = [line["id"] for line in csv.DictReader(stream) if line.get("lesion_inside_crop", "1") == "1"]
    if options.without is not None:
        with options.without.open(newline="") as stream:
            names = sorted(set(names) - {line["id"] for line in csv.DictReader(stream)})
    rng = np.random.default_rng(options.seed)
    scores: dict[tuple[str, str], list[float]] = {}
    seconds: dict[str, float] = {}
    methods = [*CLASSICAL, *(["model"] if options.model else [])]
    for name in rng.permutation(names)[: options.cases]:
        image = np.array(Image.open(next((options.data / "images").glob(f"{name}.*"))).convert("RGB"))
        truth = (np.array(Image.open(options.data / "masks" / f"{name}.png").convert("L")) > 127).astype(np.uint8)
        margin = round(max(truth.shape) / 20)
        coarse_masks = {"box": coarsen_box(truth, margin), "grown": coarsen_dilate(truth, margin)}
        for kind, coarse in coarse_masks.items():
            scores.setdefault(("coarse mask itself", kind), []).append(dice(coarse, truth))
            for method in methods:
                start = time.process_time()
                try:
                    found = propose(OutlineRequest(method, image, coarse, options.model))
                except UserError:
                    found = np.zeros_like(truth)
                seconds[method] = seconds.get(method, 0) + time.process_time() - start
                scores.setdefault((method, kind), []).append(dice(found, truth))
    for (method, kind), values in scores.items():
        low = np.quantile(values, 0.1)
        took = f", {seconds[method] / len(values) / 2:.2f} s" if method in seconds else ""
        print(f"{method:22} {kind:6} Dice {np.mean(values):.3f}, worst tenth below {low:.3f}, n {len(values)}{took}")


if __name__ == "__main__":
    main()
