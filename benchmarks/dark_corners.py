"""How well the detector of dark corners agrees with annotations of whole images.

    python benchmarks/dark_corners.py --data DIR

DIR holds metadata.csv with the columns frame (a file) and dark_corner (0 or 1), as for the frames of ISIC 2017 with the
flags of Bissoto, Valle and Avila (2020). Prints how often corners are found with and without the flag, and the area
under the ROC curve of the area that is found.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import rankdata

from napari_unlearn.proposals.dark_corner import find


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    with (options.data / "metadata.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    flags = np.array([line["dark_corner"] == "1" for line in lines])
    areas = np.array([find(np.array(Image.open(options.data / line["frame"]).convert("RGB"))).mean() for line in lines])
    ranks = rankdata(areas)
    positives = int(flags.sum())
    auroc = (ranks[flags].sum() - positives * (positives + 1) / 2) / (positives * (~flags).sum())
    print(
        f"{len(lines)} images, {positives} with dark corners: found in {(areas[flags] > 0).mean():.1%} of these and in "
        f"{(areas[~flags] > 0).mean():.1%} of the others; AUROC {auroc:.3f}"
    )


if __name__ == "__main__":
    main()
