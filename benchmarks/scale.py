"""What a data set costs as it grows: opening, training a head, unlearning, one more refined case, evaluating.

    python benchmarks/scale.py [--cases 100 300 1000 3000 10000] [--size 256] [--folder FOLDER] [--out FILE.csv]

Every step is a command in a process of its own, as a user would run it, on the processor. Four fifths of the cases
train, a tenth of them refined; a tenth is in each test split. Rows are appended to the table as they come, and what
stands in it is not measured again, so that the script can be killed and started anew. `--figure` draws what is there.

Images are drawn for `--drawn` cases; further ones repeat them under other ids, turned, mirrored and with their number
in a corner, so that no two have the same features. Masks are turned and mirrored alike.

`seconds` is what the clock says, `processor` what the processor worked, which other programs disturb less; `mebibytes`
is the peak memory of the process, `disk` what features take after the step. `resumed` is a gradient-clipping run that
was killed once it had kept a state, and went on; the numbers are those of the second process.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.jobs.kept_run import kept_file

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "scale.csv"
FIGURE = ROOT / "docs" / "images" / "scale.svg"
COLUMNS = ("cases", "size", "step", "seconds", "processor", "mebibytes", "disk")
TITLES = {
    "open": "open",
    "train": "train a head",
    "train again": "the same, features on disk",
    "unlearn": "unlearn",
    "one more": "unlearn with one more refined case",
    "resumed": "noisy run, killed and resumed",
    "evaluate": "evaluate",
}
SPLITS = (("train", 0.8), ("test_aligned", 0.1), ("test_conflicting", 0.1))


def write(root: Path, source: Dataset, cases: int) -> None:
    """Write a data set of so many cases by repeating those of another."""
    new = root.with_name(root.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    for part in ("images", "coarse", "fine", "artefacts"):
        (new / part).mkdir(parents=True)
    rows = ["id,split,diagnosis"]
    number = 0
    for split, share in SPLITS:
        pool = source.split(split)
        for i in range(round(cases * share)):
            case, case_id = pool[i % len(pool)], f"case-{number:06d}"
            turn, mirror = divmod(i // len(pool), 2)
            masks = {"images": case.image(), "coarse": case.coarse(), "artefacts": case.artefacts()}
            if split != "train" or i % 10 == 0:
                masks["fine"] = case.fine()
            for part, mask in masks.items():
                assert mask is not None
                moved = np.rot90(mask[:, ::-1] if mirror else mask, turn % 4).copy()
                if part == "images":
                    moved[0, 0] = number % 256, number // 256 % 256, 1
                Image.fromarray(moved).save(new / part / f"{case_id}.png", compress_level=1)
            rows.append(f"{case_id},{split},{case.diagnosis}")
            number += 1
    (new / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (new / "dataset.toml").write_text(f"classes = {json.dumps(list(source.classes))}\n", encoding="utf-8")
    new.rename(root)


def surroundings(cache: Path) -> dict[str, str]:
    """Environment of a step."""
    return os.environ | {"NAPARI_UNLEARN_CACHE": str(cache), "OMP_WAIT_POLICY": "passive"}


def kill_once_kept(words: Sequence[object], cache: Path, kept: Path) -> None:
    """Run Python with these words, and kill it as soon as it has kept a state."""
    with subprocess.Popen(
        [sys.executable, *map(str, words)], env=surroundings(cache), stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and not kept.is_file():
            time.sleep(0.05)
        process.kill()
    if process.returncode != -signal.SIGKILL:
        raise SystemExit("The run was over before it could be killed.")


def measured(words: Sequence[object], cache: Path) -> dict[str, object]:
    """Run Python with these words."""
    environment = surroundings(cache)
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, *map(str, words)], env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} failed with {process.returncode}.")
    return {
        "seconds": round(time.perf_counter() - start, 1),
        "processor": round(usage.ru_utime + usage.ru_stime, 1),
        "mebibytes": round(usage.ru_maxrss / 2 ** (20 if sys.platform == "darwin" else 10)),
        "disk": sum(path.stat().st_size for path in cache.rglob("*.safetensors")) if cache.is_dir() else 0,
    }


OPEN = "import sys; from napari_unlearn.data import open_dataset; print(len(open_dataset(sys.argv[1]).cases))"


def commands(data: Path, work: Path) -> dict[str, list[object]]:
    """Words of every step."""
    run = ["-m", "napari_unlearn"]
    common = ["--device", "cpu", "--json"]
    noisy = ["--operator", "gradient-clipping", "--epsilon", 10, "--resume"]
    return {
        "open": ["-c", OPEN, data],
        "train": [*run, "train", data, "--out", work / "model", "--encoder", "shipped", *common],
        "train again": [*run, "train", data, "--out", work / "again", "--encoder", "shipped", *common],
        "unlearn": [*run, "unlearn", data, work / "model", "--out", work / "runs" / "first", *common],
        "one more": [*run, "unlearn", data, work / "model", "--out", work / "runs" / "second", *common],
        "resumed": [*run, "unlearn", data, work / "model", "--out", work / "runs" / "third", *noisy, *common],
        "evaluate": [*run, "evaluate", data, work / "runs" / "second" / "model", *common],
    }


def refine_one_more(dataset: Dataset) -> None:
    """Give a training case a fine mask: its coarse one, a little smaller."""
    from scipy.ndimage import binary_erosion

    case = next(case for case in dataset.split("train") if not case.is_refined)
    coarse = case.coarse()
    smaller = np.where(binary_erosion(coarse > 0, iterations=4), coarse, 0).astype(np.uint8)
    Image.fromarray(smaller).save(dataset.root / "fine" / f"{case.id}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[100, 300, 1000, 3000, 10_000])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--drawn", type=int, default=240, help="training cases that are drawn, not repeated")
    parser.add_argument("--folder", type=Path, help="keep data, models and features here, and go on from there")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--steps", nargs="+", default=list(TITLES), choices=list(TITLES))
    parser.add_argument("--figure", action="store_true", help="only draw what the table holds")
    arguments = parser.parse_args()
    if not arguments.figure:
        with tempfile.TemporaryDirectory() as scratch:
            folder = arguments.folder or Path(scratch)
            source = folder / "drawn"
            if not source.is_dir():
                write_sample(source, cases=arguments.drawn, size=arguments.size, fine=1.0, seed=0)
            for cases in arguments.cases:
                measure(folder / str(cases), open_dataset(source), cases, arguments)
    draw(arguments.out)


def measure(work: Path, source: Dataset, cases: int, arguments: argparse.Namespace) -> None:
    """Take the steps that the table does not hold yet."""
    done = {row["step"] for row in rows(arguments.out) if row["cases"] == cases and row["size"] == arguments.size}
    data, cache = work / "data", work / "cache"
    for step, words in commands(data, work).items():
        if step in done or step not in arguments.steps:
            continue
        if not data.is_dir():
            write(data, source, cases)
        out = next((Path(str(words[i + 1])) for i, word in enumerate(words) if word == "--out"), None)
        if out is not None and out.exists():
            shutil.rmtree(out)
        if step == "one more":
            refine_one_more(open_dataset(data))
        if step == "resumed":
            assert out is not None
            kill_once_kept(words, cache, kept_file(out))
        row = {"cases": cases, "size": arguments.size, "step": step, **measured(words, cache)}
        new = not arguments.out.is_file()
        with arguments.out.open("a", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, COLUMNS)
            if new:
                table.writeheader()
            table.writerow(row)
        print(row, flush=True)


def rows(path: Path) -> list[dict[str, object]]:
    """What the table holds."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    numbers = {"cases": int, "size": int, "seconds": float, "processor": float, "mebibytes": int, "disk": int}
    return [{name: numbers.get(name, str)(value) for name, value in row.items()} for row in found]


def draw(path: Path) -> None:
    """Draw seconds of the processor and peak memory against the number of cases, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot as plt

    found = rows(path)
    figure, (time_axis, memory_axis) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for step, title in TITLES.items():
        own = sorted((row["cases"], row["processor"], row["mebibytes"]) for row in found if row["step"] == step)
        if own:
            cases, seconds, mebibytes = zip(*own, strict=True)
            time_axis.plot(cases, seconds, "o-", label=title, markersize=4)
            memory_axis.plot(cases, mebibytes, "o-", markersize=4)
    for axis, label in ((time_axis, "processor seconds"), (memory_axis, "peak memory, MiB")):
        axis.set(xscale="log", yscale="log", xlabel="cases", ylabel=label)
        axis.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    FIGURE.parent.mkdir(exist_ok=True)
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
