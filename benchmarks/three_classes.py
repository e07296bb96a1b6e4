"""Three classes and coarse masks that are mostly dilation artefact: what is left of the weakest class.

    python benchmarks/three_classes.py [--cases 600] [--seeds 1] [--fine 0.1 0.5] [--separation 1.5 4] [--out FILE]

By the commands a user would type: three classes at 128 px, shortcut 0.95, boxes that reach 0.4 image sides beyond the
lesion (`--coarse-margin`); a head trained on them; `exact-refit` and `residual-head` at (1, 1e-5), each with eight
composed cases per refined case; and the oracle, the same training on fully fine masks where the correlation is broken.
Prints, for both test splits, Dice of lesion against background, Dice of every class pooled over pixels, and the same
where every lesion pixel that was found is given its true class: what is missing there is outline, the rest is
diagnosis. All of it once for every share of refined cases (`--fine`) and for every separation, that is, for diagnoses
that look as alike as by default and for others that are easy to tell apart.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from synthetic_shortcut import RESULTS, run

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.data.synthetic.sample import write_sample
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.device import find_device
from napari_unlearn.models.segmenter import predict_mask

SPLITS = ("test_aligned", "test_conflicting")


def to_forget(data: Path) -> dict[str, float]:
    """Share of the coarse area that is dilation artefact, and that has to be forgotten in all.

    Parameters
    ----------
    data : Path
        Data set folder.

    Returns
    -------
    dict of str to float
        ``artefact`` over refined cases; ``forgotten`` over all training cases, where nobody looked at most.
    """
    coarse = fine = refined = 0
    for case in open_dataset(data).split("train"):
        mask, drawn = case.coarse(), case.fine()
        assert mask is not None
        coarse += int((mask > 0).sum())
        if drawn is not None:
            refined += int((mask > 0).sum())
            fine += int((drawn > 0).sum())
    return {"artefact": 1 - fine / refined, "forgotten": 1 - fine / coarse}


def by_outline(data: Path, model: Path, split: str) -> list[float | None]:
    """Dice per class where every lesion pixel that was found has its true class."""
    dataset, segmenter = open_dataset(data), load_segmenter(model, find_device("auto"))
    tally = DiceTally(len(segmenter.card.classes))
    for case in dataset.refined(split):
        truth = case.fine()
        assert truth is not None
        found = predict_mask(segmenter, case.image()) > 0
        tally.add((found * truth.max()).astype(np.uint8), truth)
    return tally.per_class


def one_seed(seed: int, cases: int, margin: float, fine: float, separation: float, folder: Path) -> dict[str, Any]:
    """All numbers of one seed."""
    data, swaps = folder / "data", ("--counterfactual", 8)
    write_sample(data, cases, fine=fine, seed=seed, margin=margin, separation=separation)
    broken = write_sample(
        folder / "broken", cases, seed=seed, margin=margin, shortcut=0.5, fine=1, separation=separation
    )
    run("train", data, "--out", folder / "coarse", "--encoder", "shipped")
    run("train", broken.root, "--out", folder / "oracle", "--encoder", "shipped", "--masks", "fine")
    models = {"coarse": folder / "coarse", "oracle": folder / "oracle"}
    for operator in ("exact-refit", "residual-head"):
        made = run("unlearn", data, folder / "coarse", "--out", folder / operator, "--operator", operator, *swaps)
        models[operator] = Path(made["model"])
    measured: dict[str, Any] = {}
    for name, model in models.items():
        splits = run("evaluate", data, model)["splits"]
        measured[name] = {
            split: {key: splits[split][key] for key in ("dice", "dice_per_class", "auroc", "cases")}
            | {"dice_per_class_by_outline": by_outline(data, model, split)}
            for split in SPLITS
        }
    shape = {"seed": seed, "cases": cases, "coarse_margin": margin, "fine": fine, "separation": separation}
    return {**shape, **to_forget(data), "measured": measured}


def table(result: dict[str, Any]) -> str:
    """Table in Markdown of one seed."""

    def cell(numbers: list[float | None]) -> str:
        return " / ".join("none" if number is None else f"{number:.3f}" for number in numbers)

    lines = [
        f"Seed {result['seed']}, {result['cases']} training cases, {result['fine']:.0%} refined, diagnoses "
        f"{result['separation']} standard deviations apart: {result['artefact']:.0%} of the coarse area of refined "
        "cases is dilation artefact, "
        f"{result['forgotten']:.0%} of all coarse area is forgotten.",
        "",
        "| Model | Split | Dice | Dice per class | Dice per class by outline alone | AUROC |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, splits in result["measured"].items():
        for split, found in splits.items():
            lines.append(
                f"| {name} | {split} | {found['dice']:.3f} | {cell(found['dice_per_class'])} | "
                f"{cell(found['dice_per_class_by_outline'])} | {found['auroc']:.3f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Run all seeds and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--coarse-margin", type=float, default=0.4)
    parser.add_argument("--fine", type=float, nargs="+", default=[0.1, 0.5])
    parser.add_argument("--separation", type=float, nargs="+", default=[1.5, 4.0])
    parser.add_argument("--out", type=Path, default=RESULTS / "three_classes.json")
    arguments = parser.parse_args()
    results = []
    for seed, fine, separation in itertools.product(range(arguments.seeds), arguments.fine, arguments.separation):
        with tempfile.TemporaryDirectory() as folder:
            results.append(one_seed(seed, arguments.cases, arguments.coarse_margin, fine, separation, Path(folder)))
        arguments.out.parent.mkdir(exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(table(results[-1]) + "\n", flush=True)


if __name__ == "__main__":
    main()
