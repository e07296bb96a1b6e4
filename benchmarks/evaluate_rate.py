"""What `evaluate` costs on 2,000 images at 256 pixels: memory, and time against the encoder's own forward pass.

    python benchmarks/evaluate_rate.py [--cases 2000] [--size 256] [--folder FOLDER] [--out FILE]

Draws synthetic images, fits a head on the shipped encoder, and runs the command as a user would, in a process of its
own whose peak memory the system reports. The rate is the share of its time that the command spends in the encoder's
forward passes, as it prints itself: 1 would mean that nothing else takes any. It is told of the command's work, and of
the whole process with the start of Python and of its libraries; by the clock, and in processor time, which other
programs on the machine disturb less. That these passes are no slower than need be is checked by the bare encoder, which
goes over some of the same images in this process, before and after.

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
EVERY = 20


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
        pace = json.loads(whole["printed"])["pace"]
        result: dict[str, Any] = {
            "cases": len(dataset.cases),
            "encoded": pace["images"],
            "size": arguments.size,
            "threads": torch.get_num_threads(),
            "load": os.getloadavg()[2],
        }
        keys = (("seconds", "encoder_seconds"), ("processor", "encoder_processor_seconds"))
        for (clock, encoder), work in zip(keys, ("seconds", "processor_seconds"), strict=True):
            known = pace[encoder] is not None
            result[clock] = {
                "bare_per_image": (first[clock] + last[clock]) / 2,
                "encoder_per_image": pace[encoder] / pace["images"] if known else None,
                "encoder": pace[encoder],
                "work": pace[work],
                "process": whole[clock],
                "rate": pace[encoder] / pace[work] if known else None,
                "rate_of_process": pace[encoder] / whole[clock] if known else None,
            }
        result["peak_mebibytes"] = whole["mebibytes"]
        write(result, arguments.out)
        options = ("--split", "test_aligned", "--counterfactuals", 0, "--device", "cpu", "--json")
        few = command("evaluate", data, model, *options, cache=Path(scratch) / "d")
    write(result | {"peak_mebibytes_of_a_fifth": few["mebibytes"]}, arguments.out)
    print(f"peak memory {whole['mebibytes']:.0f} MiB; with a fifth of the cases {few['mebibytes']:.0f} MiB")


def write(result: dict[str, Any], out: Path) -> None:
    """Write what is known so far, and tell the rates."""
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for clock, words in (("seconds", "by the clock"), ("processor", "in processor time")):
        each = result[clock]
        if each["rate"] is not None:
            print(
                f"{words}: {each['process']:.0f} s, of which the encoder took {each['encoder']:.0f} s for "
                f"{result['encoded']} images ({1000 * each['encoder_per_image']:.1f} ms an image; bare "
                f"{1000 * each['bare_per_image']:.1f} ms); rate {each['rate']:.2f}, with the start of the process "
                f"{each['rate_of_process']:.2f} (at least {TARGET} is meant)"
            )


if __name__ == "__main__":
    main()
