"""A whole U-Net retrained from scratch on the masks of few refined cases, beside one that unlearns.

    python benchmarks/unet_retraining.py [--seeds 5] [--classes 3 2] [--out FILE]

The base setting of `benchmarks/shortcut_suite.py`, by the commands a user would type: 150 training cases at 96 px,
shortcut 0.95, coarse masks by dilation, 10 % refined, eight composed cases per refined case. All weights of each U-Net
are trained, from the shipped encoder: `coarse` on the coarse masks of all cases, `scratch` on the fine masks of the
refined ones alone; `exact-refit` and `retrain` revise `coarse`, and `oracle` has fine masks of as many cases in which
artefact and diagnosis are independent. All are measured on the test splits of the first data set. One line a model is
added to the file, and what is in it already is not measured again. Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "unet_retraining.csv"
MODELS = ("coarse", "scratch", "exact-refit", "retrain", "oracle")
MEASURES = ("dice", "auroc_aligned", "auroc_conflicting", "leakage", "counterfactual_shift", "seconds")
COLUMNS = ("classes", "seed", "model", *MEASURES)
Line = dict[str, str]


def run(*arguments: object) -> dict[str, Any]:
    """Run one command of the package with --json and return its object."""
    command = [sys.executable, "-m", "napari_unlearn", *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


class Study:
    """One seed: its data sets and models in a folder, made as they are needed."""

    def __init__(self, classes: int, seed: int, folder: Path) -> None:
        self.classes, self.seed, self.folder = classes, seed, folder

    def data(self, name: str = "data", shortcut: float = 0.95, fine: float = 0.1) -> Path:
        """Folder of a data set."""
        out = self.folder / name
        if not out.exists():
            drawn = f"--cases 150 --size 96 --classes {self.classes} --seed {self.seed} --coarse dilation".split()
            run("sample", out, *drawn, "--shortcut", shortcut, "--fine", fine)
        return out

    def trained(self, name: str) -> tuple[Path, float]:
        """A model that no operator made, and the seconds it took."""
        masks = "coarse" if name == "coarse" else "fine"
        data = self.data("broken", 0.5, 1.0) if name == "oracle" else self.data()
        out = self.folder / name
        how = ("--trainable", "all", "--encoder", "shipped", "--masks", masks, "--overwrite", "--device", "cpu")
        return out, run("train", data, "--out", out, *how)["seconds"]

    def made(self, name: str) -> tuple[Path, float]:
        """Any of the models, and the seconds it took."""
        if name in ("coarse", "scratch", "oracle"):
            return self.trained(name)
        coarse = self.folder / "coarse"
        if not coarse.exists():
            self.trained("coarse")
        how = ("--operator", name, "--counterfactual", 8, "--public-encoder", "shipped", "--device", "cpu")
        result = run("unlearn", self.data(), coarse, "--out", self.folder / name, *how)
        return Path(result["model"]), result["seconds"]

    def measured(self, name: str) -> Line:
        """The line of one model."""
        model, seconds = self.made(name)
        splits = run("evaluate", self.data(), model, "--device", "cpu")["splits"]
        aligned, conflicting = splits["test_aligned"], splits["test_conflicting"]
        numbers = (
            conflicting["dice"],
            aligned["auroc"],
            conflicting["auroc"],
            conflicting["leakage"]["normalised"],
            conflicting["counterfactual_shift"],
            seconds,
        )
        return dict(zip(COLUMNS, map(str, (self.classes, self.seed, name, *numbers)), strict=True))


def table(lines: list[Line], classes: int) -> str:
    """Mean and standard deviation over seeds, in Markdown."""
    head = "| Model | Seeds | Dice | AUROC aligned | AUROC conflicting | Leakage | Artefact shift | Seconds |"
    rows = [head, "|---|---:|" + "---:|" * len(MEASURES)]
    for model in MODELS:
        mine = [line for line in lines if line["model"] == model and line["classes"] == str(classes)]
        if mine:
            cells = [_cell([float(line[name]) for line in mine], name) for name in MEASURES]
            rows.append(f"| {model} | {len(mine)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(values: list[float], name: str) -> str:
    digits = {"leakage": 4, "seconds": 0}.get(name, 3)
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.{digits}f}{spread}"


def main() -> None:
    """Measure what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--classes", type=int, nargs="+", choices=(2, 3), default=[3, 2])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    lines: list[Line] = []
    if arguments.out.exists():
        with arguments.out.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.DictReader(stream))
    known = {(line["classes"], line["seed"], line["model"]) for line in lines}
    for seed in range(arguments.seeds):
        for classes in arguments.classes:
            missing = [name for name in arguments.models if (str(classes), str(seed), name) not in known]
            with tempfile.TemporaryDirectory() as folder:
                study = Study(classes, seed, Path(folder))
                for name in missing:
                    lines.append(study.measured(name))
                    with arguments.out.open("w", newline="", encoding="utf-8") as stream:
                        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
                        writer.writeheader()
                        writer.writerows(lines)
                    print(f"{classes} classes, seed {seed}: {name}", flush=True)
    for classes in arguments.classes:
        print(f"\n{classes} classes\n\n{table(lines, classes)}")


if __name__ == "__main__":
    main()
