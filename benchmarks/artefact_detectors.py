"""How well the detectors of artefacts agree with annotations.

    python benchmarks/artefact_detectors.py --data DIR [--masks DIR] [--half published|settings] [--cases N]

DIR holds metadata.csv with the columns id, frame (a file) and dark_corner, ruler, hair, ink (0 or 1), as for the frames
of ISIC 2017 with the flags of Bissoto, Valle and Avila (2020). Prints for each kind in how many images with the flag
and without it something is found, and the area under the ROC curve of the area that is found. Settings were chosen on
the half of the images whose id has a SHA-256 digest with an even first byte; what is published is of the other half.

The folder of --masks holds images/, clean/ (the same images without the artefact) and masks/ID_ruler.png: prints the
share of annotated pixels that is found, the share of found pixels that is annotated, both give or take a hundredth of
the image's short side, and in how many clean images something is found.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.stats import rankdata

from napari_unlearn.proposals.artefacts import DETECTORS

Bool = NDArray[np.bool_]


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def published(name: str) -> bool:
    return digest(name)[0] % 2 == 1


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.array(Image.open(path).convert("RGB"))


def measure_images(folder: Path, half: str, cases: int) -> None:
    with (folder / "metadata.csv").open(newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if published(line["id"]) == (half == "published")]
    lines = sorted(lines, key=lambda line: digest(line["id"]))[:cases]
    areas: dict[str, list[float]] = {name: [] for name in DETECTORS}
    for line in lines:
        image = pixels(folder / line["frame"])
        for name, detector in DETECTORS.items():
            areas[name].append(float(detector.find(image).mean()))
    for name, found in areas.items():
        flags = np.array([line[name.replace("-", "_")] == "1" for line in lines])
        area, positives = np.array(found), int(flags.sum())
        low = positives * (positives + 1) / 2
        auroc = (rankdata(area)[flags].sum() - low) / (positives * (~flags).sum())
        print(
            f"{name:12} found in {(area[flags] > 0).mean():.1%} of {positives} images with it and in "
            f"{(area[~flags] > 0).mean():.1%} of {(~flags).sum()} without; AUROC {auroc:.3f}"
        )


def near(mask: Bool) -> Bool:
    return ndimage.distance_transform_edt(~mask) <= min(mask.shape) / 100 if mask.any() else mask


def measure_pixels(folder: Path) -> None:
    find = DETECTORS["ruler"].find
    annotated = hit = found_pixels = right = images = clean = 0
    for path in sorted((folder / "masks").glob("*_ruler.png")):
        case = path.stem.removesuffix("_ruler")
        truth = np.array(Image.open(path).convert("L")) > 127
        found = find(pixels(next((folder / "images").glob(f"{case}.*"))))
        annotated, hit = annotated + truth.sum(), hit + (truth & near(found)).sum()
        found_pixels, right = found_pixels + found.sum(), right + (found & near(truth)).sum()
        clean += int(find(pixels(next((folder / "clean").glob(f"{case}.*")))).any())
        images += 1
    print(
        f"ruler: {hit / annotated:.1%} of annotated pixels found, {right / max(found_pixels, 1):.1%} of found pixels "
        f"annotated, in {images} images; found in {clean} of them without it"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--masks", type=Path)
    parser.add_argument("--half", choices=("published", "settings"), default="published")
    parser.add_argument(
        "--cases", type=int, default=10_000, help="at most so many images, those with the lowest digests"
    )
    options = parser.parse_args()
    measure_images(options.data, options.half, options.cases)
    if options.masks is not None:
        measure_pixels(options.masks)


if __name__ == "__main__":
    main()
