"""Make the shipped sample anew: `dataset/` and the coarse `model/`, from the encoder beside this file.

    python sample_data/make.py [--seed 3]

The encoder itself is made by `make_encoder.py`, which takes much longer.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CASES, SIZE = 60, 256


def run(*arguments: object) -> None:
    """Run one command of the package."""
    subprocess.run([sys.executable, "-m", "napari_unlearn", *map(str, arguments)], check=True)


def main() -> None:
    """Write both folders, replacing what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=3)
    seed = parser.parse_args().seed
    for folder in ("dataset", "model"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    run("sample", HERE / "dataset", "--cases", CASES, "--size", SIZE, "--shortcut", 0.95, "--fine", 0.1, "--seed", seed)
    run(
        "train", HERE / "dataset", "--out", HERE / "model", "--encoder", HERE / "encoder.safetensors", "--device", "cpu"
    )


if __name__ == "__main__":
    main()
