"""Every operator on the planted shortcut: outlines, diagnosis, leakage, guarantee and time, side by side.

    python benchmarks/operator_table.py [--seeds 5] [--classes 2 3] [--operator NAME ...] [--curve] [--out FILE]

For each seed: 600 training cases at 128 px, shortcut 0.95, 10 % refined, a head trained on the coarse masks; the oracle
is the same training on fully fine masks where the correlation is broken. Retain and forget set are collected once, with
eight composed cases per refined case, and handed to every operator at (1, 1e-5) with its default settings; `pnsgd` and
`newton-step` revise a head trained by their own method instead. Exact refit is run once more on pixels weighed as for
the noisy operators. All are measured on the test splits of the first data set. `--curve` repeats the operators that
spend a budget over a range of epsilon; `operator_figure.py` draws that.

One line a run is added to the file, and what is in it already is not run again, so that it can be stopped at any time.
Prints the tables in Markdown.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.evaluate import SplitEvaluation, evaluate_split
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, Problem, Revision
from napari_unlearn.operators.registry import available, info, load
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head
from napari_unlearn.operators.settings import MinimumSettings, Settings
from napari_unlearn.privacy.noise import OperatingSystemNoise

RESULTS = Path(__file__).parent / "results" / "operator_table.csv"
SPLITS = ("test_aligned", "test_conflicting")
EPSILON, DELTA = 1.0, 1e-5
SWAPS = 8
EPSILONS = (0.001, 0.01, 0.1, 1.0, 10.0)
COARSE, ORACLE, REFERENCE = "coarse", "oracle", " from the public start"
ALIKE = " on the pixels of the noisy operators"


@dataclass(frozen=True)
class Row:
    """One measured model."""

    classes: int
    seed: int
    model: str
    tier: str
    epsilon: float | None
    seconds: float
    dice: float
    worst_class_dice: float
    auroc_aligned: float
    auroc_conflicting: float
    leakage: float
    failure: str = ""

    @property
    def key(self) -> tuple[int, int, str, float | None]:
        """What tells it from the others."""
        return self.classes, self.seed, self.model, self.epsilon


class Rows:
    """The rows on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.all: list[Row] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as stream:
                self.all = [_row(line) for line in csv.DictReader(stream)]

    def has(self, classes: int, seed: int, model: str, epsilon: float | None) -> bool:
        """Whether this was measured already."""
        return (classes, seed, model, epsilon) in {row.key for row in self.all}

    def add(self, row: Row) -> None:
        """Keep a row."""
        self.all.append(row)
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("w", newline="", encoding="utf-8") as stream:
            table = csv.DictWriter(stream, [field.name for field in fields(Row)], lineterminator="\n")
            table.writeheader()
            table.writerows({k: "" if v is None else v for k, v in asdict(entry).items()} for entry in self.all)
        print(f"{row.classes} classes, seed {row.seed}: {row.model} {row.epsilon or ''} {row.failure}", flush=True)


def _row(line: dict[str, str]) -> Row:
    whole, text = ("classes", "seed"), ("model", "tier", "failure")
    values: dict[str, Any] = {
        name: int(cell) if name in whole else cell if name in text else float(cell) if cell else None
        for name, cell in line.items()
    }
    return Row(**values)


def command(*arguments: object) -> None:
    """Run one command of the package."""
    subprocess.run([sys.executable, "-m", "napari_unlearn", *map(str, arguments)], check=True, stdout=sys.stderr)


def measure(segmenter: Segmenter, dataset: Dataset) -> dict[str, float]:
    """Numbers of a model on both test splits."""
    splits: dict[str, SplitEvaluation] = {}
    for name in SPLITS:
        *_, last = evaluate_split(segmenter, dataset, name, resamples=1, counterfactuals=0)
        assert isinstance(last, SplitEvaluation)
        splits[name] = last
    aligned, conflicting = (splits[name] for name in SPLITS)
    assert conflicting.leakage is not None
    return {
        "dice": conflicting.dice or 0.0,
        "worst_class_dice": min(d or 0.0 for split in splits.values() for d in split.dice_per_class[1:]),
        "auroc_aligned": aligned.auroc or 0.0,
        "auroc_conflicting": conflicting.auroc or 0.0,
        "leakage": conflicting.leakage["normalised"],
    }


class Study:
    """One seed: its data sets and models in a folder, made as they are needed."""

    def __init__(self, classes: int, seed: int, folder: Path) -> None:
        self.classes, self.seed, self.folder = classes, seed, folder
        self._collected: dict[type[Settings], tuple[HeadSegmenter, Collected]] = {}  # by what decides about pixels

    def dataset(self, name: str = "data", shortcut: float = 0.95, fine: float = 0.1) -> Path:
        """Folder of a data set."""
        out = self.folder / name
        if not out.exists():
            shape = ("--cases", 600, "--size", 128, "--classes", self.classes, "--seed", self.seed)
            command("sample", out, *shape, "--shortcut", shortcut, "--fine", fine)
        return out

    def model(self, name: str) -> HeadSegmenter:
        """A trained model: coarse, oracle, or coarse by another method."""
        out = self.folder / f"model-{name}"
        if not out.exists():
            if name == ORACLE:
                command("train", self.dataset("broken", 0.5, 1.0), "--out", out, "--masks", "fine", *_SHIPPED)
            else:
                method = () if name == COARSE else ("--method", name)
                command("train", self.dataset(), "--out", out, *_SHIPPED, *method)
        segmenter = load_segmenter(out)
        assert isinstance(segmenter, HeadSegmenter)
        return segmenter

    def collected(self, settings: type[Settings]) -> tuple[HeadSegmenter, Collected]:
        """The model in use and what may be learned from; one for all operators that need no training of their own."""
        kind = settings if issubclass(settings, BoundedSettings) else Settings
        if issubclass(settings, MinimumSettings):
            kind = MinimumSettings
        if kind not in self._collected:
            segmenter = self.model(kind.method if issubclass(kind, BoundedSettings) else COARSE)
            train = open_dataset(self.dataset()).split("train")
            *_, last = collect(segmenter, train, kind(), SWAPS, np.random.default_rng(self.seed))
            assert isinstance(last, Collected)
            self._collected[kind] = segmenter, last
        return self._collected[kind]


_SHIPPED = ("--encoder", "shipped", "--device", "cpu")


def run_operator(entry: OperatorInfo, problem: Problem, epsilon: float, seed: int) -> Revision:
    """Run one operator to its end."""
    budget, rng = Budget(epsilon, DELTA), np.random.default_rng(seed)
    *_, last = load(entry.name).steps(problem, entry.settings(), budget, OperatingSystemNoise(), rng)
    assert isinstance(last, Revision)
    return last


def measured(study: Study, entry: OperatorInfo, epsilon: float | None, suffix: str = "") -> Iterator[Row]:
    """Rows of one operator: the revised model, and the same recipe from the public start where it has one."""
    numbers = {name: float("nan") for name in ("dice", "worst_class_dice", "auroc_aligned", "auroc_conflicting")}
    empty = Row(
        study.classes,
        study.seed,
        entry.name + suffix,
        entry.tier,
        epsilon,
        float("nan"),
        **numbers,
        leakage=float("nan"),
    )
    try:
        segmenter, collected = study.collected(Settings if suffix == ALIKE else entry.settings)
        start = time.perf_counter()
        revision = run_operator(entry, collected.problem, epsilon or EPSILON, study.seed)
        seconds = time.perf_counter() - start
    except UserError as error:
        yield replace(empty, failure=str(error))
        return
    dataset = open_dataset(study.dataset())
    ends = {entry.name + suffix: revision.weights}
    if revision.reference is not None:
        ends[entry.name + REFERENCE] = revision.reference
    for name, weights in ends.items():
        revised = revised_head(segmenter, weights, collected.refined)
        yield replace(empty, model=name, seconds=seconds, **measure(revised, dataset))


def run(rows: Rows, classes: int, seed: int, entries: list[OperatorInfo], curve: bool) -> None:
    """Measure what is missing for one seed."""
    wanted: list[tuple[OperatorInfo, float | None]] = [(e, EPSILON if e.uses_budget else None) for e in entries]
    if curve:
        wanted += [(e, epsilon) for e in entries if e.uses_budget for epsilon in EPSILONS if epsilon != EPSILON]
    wanted = [(e, epsilon) for e, epsilon in wanted if not rows.has(classes, seed, e.name, epsilon)]
    trained = [name for name in (COARSE, ORACLE) if not rows.has(classes, seed, name, None)]
    again = "exact-refit" in {e.name for e in entries} and not rows.has(classes, seed, "exact-refit" + ALIKE, None)
    if not (wanted or trained or again):
        return
    with tempfile.TemporaryDirectory() as folder:
        study = Study(classes, seed, Path(folder))
        for name in trained:
            numbers = measure(study.model(name), open_dataset(study.dataset()))
            rows.add(Row(classes, seed, name, "", None, float("nan"), **numbers))
        for entry, epsilon in wanted:
            for row in measured(study, entry, epsilon):
                rows.add(row)
        if again:
            for row in measured(study, info("exact-refit"), None, ALIKE):
                rows.add(row)


def table(rows: list[Row], classes: int) -> str:
    """Mean and standard deviation over seeds at the usual budget, in Markdown."""
    chosen = [row for row in rows if row.classes == classes and row.epsilon in (None, EPSILON)]
    models = list(dict.fromkeys(row.model for row in chosen))
    names = sorted(models, key=lambda name: models.index(name.removesuffix(ALIKE)))
    by_name = {name: [row for row in chosen if row.model == name] for name in names}

    def mean(name: str, measure_: str) -> float:
        return statistics.fmean(getattr(row, measure_) for row in by_name[name])

    def cell(name: str, measure_: str, digits: int = 3) -> str:
        numbers = [getattr(row, measure_) for row in by_name[name]]
        spread = f" ± {statistics.stdev(numbers):.{digits}f}" if len(numbers) > 1 else ""
        return f"{statistics.fmean(numbers):.{digits}f}{spread}"

    lines = [
        "| Operator | Tier | ε | Dice | Worst class | AUROC conflicting | Gap closed | Leakage | Seconds |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    low, high = (mean(name, "auroc_conflicting") for name in (COARSE, ORACLE))
    for name in names:
        first = by_name[name][0]
        title = f"`{name}`" if first.tier else name
        if first.failure:
            lines.append(f"| {title} | {first.tier} | | refuses | | | | | |")
            continue
        closed = (mean(name, "auroc_conflicting") - low) / (high - low)
        tier, epsilon = first.tier, "" if first.epsilon is None else f"{first.epsilon:g}"
        cells = [cell(name, measure_) for measure_ in ("dice", "worst_class_dice", "auroc_conflicting")]
        seconds = "" if np.isnan(first.seconds) else f"{mean(name, 'seconds'):.1f}"
        if name.endswith(ALIKE):
            title = "… on pixels weighed as for the noisy operators"
        if name.endswith(REFERENCE):
            title, tier, epsilon, seconds = "… the same recipe from the public start", "none needed", "", ""
        lines.append(
            f"| {title} | {tier} | {epsilon} | {' | '.join(cells)} | {closed:.0%} | {cell(name, 'leakage', 4)} | "
            f"{seconds} |"
        )
    failures = {row.failure for row in chosen if row.failure}
    lines += ["", *(f"Refused: {failure}" for failure in sorted(failures)[:1])]
    return "\n".join(lines)


def curve_table(rows: list[Row], classes: int) -> str:
    """AUROC on conflicting cases and Dice against epsilon, in Markdown."""
    chosen = [row for row in rows if row.classes == classes and row.epsilon is not None and not row.failure]
    seeds = {row.seed for row in chosen if row.epsilon != EPSILON}
    varied = {row.model for row in chosen if row.epsilon != EPSILON}
    chosen = [row for row in chosen if row.seed in seeds and row.model in varied]
    epsilons = sorted({row.epsilon for row in chosen if row.epsilon is not None})
    lines = [
        f"| AUROC conflicting / Dice, {len(seeds)} seeds | " + " | ".join(f"ε = {e:g}" for e in epsilons) + " |",
        "|---|" + "---:|" * len(epsilons),
    ]
    for name in dict.fromkeys(row.model for row in chosen):
        cells = []
        for epsilon in epsilons:
            here = [row for row in chosen if row.model == name and row.epsilon == epsilon]
            pair = (
                [statistics.fmean(getattr(r, m) for r in here) for m in ("auroc_conflicting", "dice")] if here else []
            )
            cells.append(" / ".join(f"{value:.3f}" for value in pair))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--classes", type=int, nargs="+", choices=(2, 3), default=[3, 2])
    parser.add_argument("--operator", nargs="+", help="only these")
    parser.add_argument("--curve", action="store_true", help="also vary epsilon")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    entries = [info(name) for name in arguments.operator] if arguments.operator else list(available())
    rows = Rows(arguments.out)
    for seed in range(arguments.seeds):
        for classes in arguments.classes:
            run(rows, classes, seed, entries, arguments.curve)
    for classes in arguments.classes:
        if any(row.classes == classes for row in rows.all):
            print(f"\n{classes} classes\n\n{table(rows.all, classes)}\n\n{curve_table(rows.all, classes)}")


if __name__ == "__main__":
    main()
