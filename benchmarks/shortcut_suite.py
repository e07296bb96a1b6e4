"""The designs behind docs/benchmark.md, one command of the package each.

    python benchmarks/shortcut_suite.py [--only NAME ...] [--data FOLDER] [--workers N] [--out FOLDER]

`base` measures the operators of the page in one setting, `swaps` what composed cases do, `star` moves one factor at a
time away from there, and `two`, `two-swaps` and `two-star` do all that with two classes. `real` and `real-swaps` use
the images of FOLDER, which is laid out as `benchmarks/isic_trap.py` says: trap1, rulers with melanoma. What a table has
already is not measured again, so that this can be stopped at any time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
BASE = ("--coarse", "dilation", "--fine", "0.1", "--swaps", "8")
DRAWN = ("--correlation", "0.95", *BASE)
FEW = ("--operator", "exact-refit")
WITHOUT = ("--coarse", "dilation", "--fine", "0.1", "--swaps", "0", *FEW)
DESIGNS = {
    "base": ("--classes", "3", *DRAWN),
    "swaps": ("--classes", "3", "--correlation", "0.95", *WITHOUT),
    "star": ("--classes", "3", *FEW),
    "two": ("--classes", "2", *DRAWN),
    "two-swaps": ("--classes", "2", "--correlation", "0.95", *WITHOUT),
    "two-star": ("--classes", "2", *FEW),
    "real": BASE,
    "real-swaps": WITHOUT,
}
SIZE = ("--size", "96", "--cases", "150")


def real_folder(data: Path, out: Path) -> tuple[str, ...]:
    """Write the trap set, with maps of the rulers in its test cases, and the encoder, and name both."""
    from isic_trap import draw_splits, outline_rulers, write_dataset, write_encoder

    rng = np.random.default_rng(0)
    splits = draw_splits(data / "isic256", rng)
    write_dataset(data / "isic256", out / "isic-trap1", splits, {row["id"] for row in splits["train"]})
    outline_rulers(out / "isic-trap1", splits)
    write_encoder(data / "encoder" / "mobilenet_v2_imagenet_int8.npz", out / "imagenet.safetensors")
    return ("--dataset", str(out / "isic-trap1"), "--encoder", str(out / "imagenet.safetensors"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=DESIGNS, default=list(DESIGNS))
    parser.add_argument("--data", type=Path, help="folder of the real images; without it `real` is left out")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder: tuple[str, ...] = ()
        for name in arguments.only:
            real = name.startswith("real")
            if real and arguments.data is None:
                print(f"{name} needs --data FOLDER and is left out.")
                continue
            if real and not folder:
                folder = real_folder(arguments.data, Path(scratch))
            table = arguments.out / ("shortcut_suite_real.csv" if real else "shortcut_suite.csv")
            source = folder if real else ()
            command = ["benchmark", table, *DESIGNS[name], *SIZE, *source, "--workers", arguments.workers]
            subprocess.run([sys.executable, "-m", "napari_unlearn", *map(str, command)], check=True)


if __name__ == "__main__":
    main()
