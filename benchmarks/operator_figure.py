"""What epsilon costs: Dice and AUROC of certified operators against the budget, from the table of operators.

    python benchmarks/operator_figure.py [--table FILE] [--out FILE]

Measures nothing: `benchmarks/operator_table.py --curve` does. A line is the mean over seeds, its band goes from the
least to the largest; grey lines are the exact refit, which needs no budget, and the model that is forgotten from.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from operator_table import COARSE, REFERENCE, RESULTS, Row, Rows

from napari_unlearn.benchmark.figures import COLOURS, GREY, MARKS

FIGURE = Path(__file__).parents[1] / "docs" / "images" / "epsilon.svg"
MEASURES = {"auroc_conflicting": "AUROC, conflicting cases", "dice": "Dice, conflicting cases"}
STYLE: dict[str, Any] = {
    "svg.hashsalt": "operators",
    "svg.fonttype": "none",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
}


def along(rows: Iterable[Row], measure: str) -> dict[float, list[float]]:
    """Numbers of all seeds at each epsilon, in order."""
    found = defaultdict(list)
    for row in rows:
        assert row.epsilon is not None
        found[row.epsilon].append(getattr(row, measure))
    return dict(sorted(found.items()))


def draw(ax: plt.Axes, rows: list[Row], measure: str, classes: int) -> None:
    """One panel."""
    here = [row for row in rows if row.classes == classes and not row.failure]
    spent = [row for row in here if row.epsilon is not None and not row.model.endswith(REFERENCE)]
    varied = [name for name in dict.fromkeys(row.model for row in spent) if len(along(of(spent, name), measure)) > 1]
    seeds = {row.seed for row in spent if row.model in varied and row.epsilon != 1}
    for name, label in (("exact-refit", "exact refit, no budget"), (COARSE, "model in use")):
        level = np.mean([getattr(row, measure) for row in of(here, name) if row.seed in seeds])
        ax.axhline(float(level), color=GREY, linestyle="--" if name == COARSE else ":", linewidth=1, label=label)
    for name, colour, mark in zip(varied, COLOURS, MARKS, strict=False):
        numbers = along([row for row in of(spent, name) if row.seed in seeds], measure)
        low, mean, high = (np.array([f(seed) for seed in numbers.values()]) for f in (np.min, np.mean, np.max))
        ax.fill_between(list(numbers), low, high, color=colour, alpha=0.15, linewidth=0)
        ax.plot(list(numbers), mean, color=colour, marker=mark, markersize=4, linewidth=1.5, label=name)
    ax.set_xscale("log")
    ax.set_ylim(0, 1)
    ax.grid(color=GREY, alpha=0.25, linewidth=0.5)
    ax.set_title(f"{classes} classes, {len(seeds)} seed{'s' * (len(seeds) > 1)}", fontsize=9)
    ax.patch.set_alpha(0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


def of(rows: Iterable[Row], model: str) -> list[Row]:
    """Rows of one model."""
    return [row for row in rows if row.model == model]


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=FIGURE)
    arguments = parser.parse_args()
    rows = Rows(arguments.table).all
    counts = sorted({row.classes for row in rows if row.epsilon not in (None, 1.0)}, reverse=True)
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(len(MEASURES), len(counts), figsize=(7.5, 5.5), sharex=True, squeeze=False)
        for line, (measure, label) in zip(axes, MEASURES.items(), strict=True):
            line[0].set_ylabel(label)
            for ax, classes in zip(line, counts, strict=True):
                draw(ax, rows, measure, classes)
        for ax in axes[-1]:
            ax.set_xlabel("ε, at δ = 10⁻⁵ (logarithmic)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False)
        figure.tight_layout(rect=(0, 0.09, 1, 1))
        figure.patch.set_alpha(0)
        figure.savefig(arguments.out, metadata={"Date": None})
    print(arguments.out)


if __name__ == "__main__":
    main()
