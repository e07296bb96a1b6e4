"""How far leakage estimates are from a truth that is known, and how often their intervals hold it.

    python benchmarks/leakage_study.py [--trials 1000] [--images 200] [--redraw] [--out FILE] [--figure FILE]

Images are drawn from distributions in which S_global follows from the probabilities: at every pixel an artefact, a true
class and the predictions of two models, one before and one after a revision that weakens the shortcut. What happens at
a pixel is decided by smooth random fields, so that neighbours in an image go together, as they do in real masks. Each
trial draws new images, and every estimator sees the same ones. The seeds are none of those that estimators and
intervals were chosen on. Prints a table and writes it, with a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr, xlogy

from napari_unlearn.leakage.classes import measure_classes
from napari_unlearn.leakage.estimate import Estimator
from napari_unlearn.leakage.global_leakage import most_leaking
from napari_unlearn.leakage.observations import observe

ROOT = Path(__file__).parents[1]
SIZE = 8
RESAMPLES, SHUFFLES = 1000, 200  # as `evaluate` does
FIRST_SEED = 50_000
PATCH = 1.5  # pixels, the width of the patches that go together in an image
GRAIN = 0.3  # share of the variance that belongs to each pixel alone
OWN = 0.3  # share of the variance of the errors of the model after that it does not have in common with the one before


@dataclass(frozen=True)
class World:
    """A distribution of images.

    Attributes
    ----------
    title
        What it is like.
    prevalence
        How often a pixel has an artefact.
    before, after
        How often an artefact on background is painted as lesion (as the last class) by each model.
    error
        How often background without artefact is painted as lesion, and lesion is missed.
    classes
        Background and one or two kinds of lesion.
    beside
        Whether artefacts lie beside lesions only, as rulers do; `prevalence` is then that of background.
    """

    title: str
    prevalence: float
    before: float
    after: float
    error: float = 0.2
    classes: int = 2
    beside: bool = False

    def true_classes(self) -> np.ndarray:
        """How often a pixel belongs to each class, shape (classes,)."""
        return np.array([0.5] + [0.5 / (self.classes - 1)] * (self.classes - 1))

    def together(self) -> np.ndarray:
        """How often artefact and true class meet, shape (2, classes)."""
        artefact = np.where(self.beside & (np.arange(self.classes) > 0), 0.0, self.prevalence)
        return np.stack([1 - artefact, artefact]) * self.true_classes()

    def predicted(self, painted: float) -> np.ndarray:
        """How often each class is predicted, given artefact and true class, shape (2, classes, classes)."""
        k = self.classes
        table = np.full((2, k, k), self.error / (k - 1))
        table[:, range(k), range(k)] = 1 - self.error
        table[1, 0] = 0
        table[1, 0, [0, k - 1]] = 1 - painted, painted
        return table

    def leakage(self, painted: float) -> float:
        """S_global per predicted pixel, from the probabilities."""
        joint = self.together()[:, :, None] * self.predicted(painted)
        entropies = [xlogy(p, p).sum(axis=tuple(range(p.ndim - 1))) for p in (joint, joint.sum(0), joint.sum(1))]
        area = joint.sum(axis=(0, 1))
        information = entropies[0] - entropies[1] - entropies[2] + xlogy(area, area)
        most = 1 + int(np.argmax(information[1:]))
        return float(information[most] / area[most])

    def draw(self, images: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Return artefact, truth and the predictions before and after, each of shape (images, SIZE, SIZE)."""
        spurious = ndtr(_field(images, rng)) < self.prevalence
        truth = _choose(ndtr(_field(images, rng)), np.cumsum(self.true_classes()))
        if self.beside:
            spurious &= truth == 0
        first = _field(images, rng)
        last = np.sqrt(1 - OWN) * first + np.sqrt(OWN) * _field(images, rng)
        predictions = [
            _choose(
                ndtr(errors),
                np.moveaxis(np.cumsum(self.predicted(painted), axis=2)[spurious.astype(int), truth], -1, 0),
            )
            for errors, painted in ((first, self.before), (last, self.after))
        ]
        return spurious, truth, *predictions


WORLDS = (
    World("unrelated, common artefact", 0.3, 0.2, 0.2),
    World("unrelated, rare artefact", 0.03, 0.2, 0.2),
    World("weak shortcut", 0.3, 0.5, 0.2),
    World("strong shortcut", 0.3, 0.95, 0.5),
    World("strong shortcut, rare artefact", 0.05, 0.95, 0.5),
    World("three classes", 0.3, 0.8, 0.4, classes=3),
    World("artefact beside lesions", 0.3, 0.95, 0.5, beside=True),
    World("rare artefact beside lesions", 0.03, 0.95, 0.5, beside=True),
)


def _field(images: int, rng: np.random.Generator) -> np.ndarray:
    """Standard normal numbers that are alike where they are close."""
    noise = rng.standard_normal((images, SIZE, SIZE))
    impulse = np.zeros((SIZE, SIZE))
    impulse[SIZE // 2, SIZE // 2] = 1
    norm = np.sqrt((gaussian_filter(impulse, PATCH, mode="wrap") ** 2).sum())
    smooth = gaussian_filter(noise, (0, PATCH, PATCH), mode="wrap") / norm
    return np.sqrt(1 - GRAIN) * smooth + np.sqrt(GRAIN) * rng.standard_normal(smooth.shape)


def _choose(uniform: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    return sum(uniform > edge for edge in cumulative[:-1]).astype(np.uint8)


def trial(world: World, images: int, seed: int) -> dict[str, Any]:
    """Estimate leakage before, after and their difference on new images, by every estimator."""
    spurious, truth, before, after = world.draw(images, np.random.default_rng([seed, images]))
    models = [observe(spurious, truth, prediction) for prediction in (before, after)]
    result: dict[str, Any] = {}
    for estimator in get_args(Estimator):
        # The plug-in stands beside the others as it is usually reported: its interval knows nothing of chance.
        count = 0 if estimator == "plug-in" else SHUFFLES
        measured = measure_classes(models, range(1, world.classes), estimator, RESAMPLES, count, seed, False)
        first, last = (each[most_leaking(each)].per_pixel for each in measured)
        result[estimator] = {
            name: {"value": number.estimate, "interval": number.interval("studentised")}
            for name, number in (("leakage", first), ("difference", last - first))
        }
    return result


def summarise(world: World, results: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One row for each quantity and estimator."""
    leakage = world.leakage(world.before)
    for quantity, true in (("leakage", leakage), ("difference", world.leakage(world.after) - leakage)):
        for estimator in get_args(Estimator):
            each = [result[estimator][quantity] for result in results]
            values = np.array([one["value"] for one in each])
            low, high = np.array([one["interval"] for one in each]).T
            yield {
                "world": world.title,
                "quantity": quantity,
                "estimator": estimator,
                "truth": true,
                "mean": float(values.mean()),
                "bias": float(values.mean() - true),
                "standard_deviation": float(values.std(ddof=1)),
                "above": float((low > true + 1e-12).mean()),
                "below": float((high < true - 1e-12).mean()),
                "coverage": float(((low <= true + 1e-12) & (true - 1e-12 <= high)).mean()),
                "width": float((high - low).mean()),
            }


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table."""
    lines = [
        "| world | quantity | truth | estimator | bias | spread | holds it | lies above | lies below | width |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['world']} | {row['quantity']} | {row['truth']:.4f} | {row['estimator']} | {row['bias']:+.4f} | "
            f"{row['standard_deviation']:.4f} | {row['coverage']:.1%} | {row['above']:.1%} | {row['below']:.1%} | "
            f"{row['width']:.4f} |"
        )
    return "\n".join(lines)


def draw_figure(rows: list[dict[str, Any]], out: Path) -> None:
    """Bias on the left, coverage on the right, leakage above, difference below."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "leakage", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot as plt

    colours = dict(zip(get_args(Estimator), ("#888888", "#0072b2", "#d55e00", "#009e73"), strict=True))
    worlds = list(dict.fromkeys(row["world"] for row in rows))
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.5), sharey=True, layout="constrained")
    for (left, right), quantity in zip(axes, ("leakage", "difference"), strict=True):
        left.axvspan(-0.01, 0.01, color="#000000", alpha=0.08, lw=0)
        right.axvspan(93, 97, color="#000000", alpha=0.08, lw=0)
        for number, (estimator, colour) in enumerate(colours.items()):
            own = [row for row in rows if row["quantity"] == quantity and row["estimator"] == estimator]
            places = [worlds.index(row["world"]) + 0.18 * (number - 1.5) for row in own]
            left.plot([row["bias"] for row in own], places, "o", color=colour)
            right.plot([100 * row["coverage"] for row in own], places, "o", color=colour)
        left.set(title=f"{quantity}: bias", xlabel="nats per predicted pixel")
        right.set(
            title=f"{quantity}: 95 % interval holds the truth",
            xlabel="% of trials",
            xlim=(-3, 103),
        )
        left.set_yticks(range(len(worlds)), worlds)
        left.locator_params(axis="x", nbins=5)
    axes[0, 0].invert_yaxis()
    marks = [plt.Line2D([], [], marker="o", linestyle="", color=colour) for colour in colours.values()]
    figure.legend(marks, list(colours), loc="outside lower center", ncols=len(colours), frameon=False)
    figure.savefig(out, metadata={"Date": None})


def write(rows: list[dict[str, Any]], trials: int, images: int, out: Path) -> None:
    """Write what is known so far."""
    result = {
        "trials": trials,
        "images": images,
        "size": SIZE,
        "resamples": RESAMPLES,
        "shuffles": SHUFFLES,
        "first_seed": FIRST_SEED,
        "worlds": [asdict(world) for world in WORLDS],
        "rows": rows,
    }
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _one(work: tuple[int, int, int]) -> dict[str, Any]:
    number, images, seed = work
    return trial(WORLDS[number], images, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--redraw", action="store_true", help="only print and draw what --out holds")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "leakage_study.json")
    parser.add_argument("--figure", type=Path, default=ROOT / "docs" / "images" / "leakage-study.svg")
    arguments = parser.parse_args()
    if arguments.redraw:
        rows = json.loads(arguments.out.read_text(encoding="utf-8"))["rows"]
        draw_figure(rows, arguments.figure)
        print(table(rows))
        return
    start = time.perf_counter()
    rows = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        for number, world in enumerate(WORLDS):
            work = [(number, arguments.images, seed) for seed in range(FIRST_SEED, FIRST_SEED + arguments.trials)]
            rows += summarise(world, list(pool.map(_one, work, chunksize=5)))
            write(rows, arguments.trials, arguments.images, arguments.out)
            print(f"{world.title}: {time.perf_counter() - start:.0f} s", flush=True)
    draw_figure(rows, arguments.figure)
    print(table(rows))


if __name__ == "__main__":
    main()
