"""What `evaluate` costs on 2,000 images at 256 pixels: memory, and time against the encoder's own forward pass.

    python benchmarks/evaluate_rate.py [--cases 2000] [--size 256] [--folder FOLDER] [--out FILE]

Draws synthetic images, fits a head on the shipped encoder, and runs the command as a user would, in a process of its
own whose peak memory the system reports. The bare encoder goes over every fourth of the same images in this process,
before and after, one image at a time as the command does; only the forward pass counts, not reading. Both are also told
in processor time, which other programs on the machine disturb less than the clock.

Counterfactual images are images for the encoder as well: with them it has more of them to go over than there are cases.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.segmenter import HeadSegmenter

ROOT = Path(__file__).parents[1]
TARGET = 0.7
EVERY = 4


def command(*words: object, cache: Path) -> dict[str, Any]:
    """Run a command in a process of its own; seconds, processor seconds, peak memory in MiB and what it printed."""
    environment = os.environ | {"NAPARI_UNLEARN_CACHE": str(cache)}
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "napari_unlearn", *map(str, words)], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        # The usage of this very child; that of all children would mix them.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return {
        "seconds": time.perf_counter() - start,
        "processor": usage.ru_utime + usage.ru_stime,
        "mebibytes": usage.ru_maxrss / 2 ** (20 if sys.platform == "darwin" else 10),
        "printed": printed,
    }


def bare(encoder: Encoder, dataset: Dataset, size: int) -> dict[str, float]:
    """Forward passes of the encoder, one image at a time: seconds and processor seconds an image."""
    seconds = processor = 0.0
    cases = dataset.cases[::EVERY]
    for case in cases:
        grid = image_to_grid(case.image(), size)[None]
        clock, used = time.perf_counter(), _used()
        encoder(grid)
        seconds, processor = seconds + time.perf_counter() - clock, processor + _used() - used
    return {"seconds": seconds / len(cases), "processor": processor / len(cases)}


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def counterfactual_images(numbers: dict[str, Any]) -> int:
    """How many images with something changed the command went over."""
    keys = ("artefact_added", "artefact_removed", "context_removed")
    return sum(
        (split["counterfactuals"][key] or {}).get("cases", 0) for split in numbers["splits"].values() for key in keys
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--folder", type=Path, help="keep data and model here, and take them from here")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "evaluate_rate.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        data, model = folder / "data", folder / "model"
        if not data.is_dir():
            # Three fifths train, a fifth for each test split; all have fine masks, so that all are measured.
            write_sample(data, cases=arguments.cases * 3 // 5, size=arguments.size, fine=1.0, seed=0)
        if not model.is_dir():
            command("train", data, "--out", model, "--encoder", "shipped", "--device", "cpu", cache=Path(scratch) / "a")
        dataset = open_dataset(data)
        segmenter = load_segmenter(model, cache=Path(scratch) / "b")
        assert isinstance(segmenter, HeadSegmenter)
        print(f"{len(dataset.cases)} images, {torch.get_num_threads()} threads", flush=True)
        splits = [word for name in dataset.splits for word in ("--split", name)]
        first = bare(segmenter.encoder, dataset, arguments.size)
        whole = command("evaluate", data, model, *splits, "--device", "cpu", "--json", cache=Path(scratch) / "c")
        last = bare(segmenter.encoder, dataset, arguments.size)
        few = command(
            "evaluate",
            data,
            model,
            "--split",
            "test_aligned",
            "--counterfactuals",
            0,
            "--device",
            "cpu",
            "--json",
            cache=Path(scratch) / "d",
        )
    images = len(dataset.cases)
    more = images + counterfactual_images(json.loads(whole["printed"]))
    result: dict[str, Any] = {
        "cases": images,
        "encoded": more,
        "size": arguments.size,
        "threads": torch.get_num_threads(),
    }
    for clock in ("seconds", "processor"):
        forward = (first[clock] + last[clock]) / 2
        result[clock] = {
            "bare_per_image": forward,
            "bare_first": first[clock],
            "bare_last": last[clock],
            "command": whole[clock],
            "rate_of_cases": forward * images / whole[clock],
            "rate_of_encoded_images": forward * more / whole[clock],
        }
    result["peak_mebibytes"] = whole["mebibytes"]
    result["peak_mebibytes_of_a_fifth"] = few["mebibytes"]
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for clock, words in (("seconds", "by the clock"), ("processor", "in processor time")):
        each = result[clock]
        print(
            f"{words}: {images} cases in {each['command']:.0f} s; the bare encoder takes "
            f"{1000 * each['bare_per_image']:.1f} ms an image; rate against it {each['rate_of_cases']:.2f} counting "
            f"cases, {each['rate_of_encoded_images']:.2f} counting {more} encoded images (at least {TARGET} is meant)"
        )
    print(f"peak memory {whole['mebibytes']:.0f} MiB; with a fifth of the cases {few['mebibytes']:.0f} MiB")


if __name__ == "__main__":
    main()
