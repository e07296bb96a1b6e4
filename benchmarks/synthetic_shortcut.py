"""The planted shortcut, five times: how far unlearning closes the gap to a model that never met the shortcut.

    python benchmarks/synthetic_shortcut.py [--seeds 5] [--out FILE]

For each seed, by the commands a user would type: 600 training cases at 128 px, shortcut 0.95, 10 % refined; a head
trained on the coarse masks; `exact-refit` and `residual-head` at (1, 1e-5), each with eight composed cases per refined
case; and the oracle: the same training on fully fine masks with the correlation broken (shortcut 0.5). All are measured
on the test splits of the first data set. Prints a table in Markdown and writes all numbers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
MODELS = ("coarse", "exact-refit", "residual-head", "oracle")
SPLITS = ("test_aligned", "test_conflicting")


def run(*arguments: object) -> dict[str, Any]:
    """Run one command of the package with --json and return its object."""
    command = [sys.executable, "-m", "napari_unlearn", *map(str, arguments), "--json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def one_seed(seed: int, folder: Path, encoder: str) -> dict[str, Any]:
    """All numbers of one seed."""
    data, broken = folder / "data", folder / "broken"
    common = ("--cases", 600, "--size", 128, "--seed", seed)
    run("sample", data, *common, "--shortcut", 0.95, "--fine", 0.1)
    run("sample", broken, *common, "--shortcut", 0.5, "--fine", 1.0)
    start = time.perf_counter()
    run("train", data, "--out", folder / "coarse", "--encoder", encoder)
    swaps = ("--counterfactual", 8)
    exact = run("unlearn", data, folder / "coarse", "--out", folder / "exact", *swaps)
    seconds = time.perf_counter() - start
    certified = ("--operator", "residual-head", "--epsilon", 1, "--delta", 1e-5)
    residual = run("unlearn", data, folder / "coarse", "--out", folder / "residual", *swaps, *certified)
    run("train", broken, "--out", folder / "oracle", "--encoder", encoder, "--masks", "fine")
    models = (folder / "coarse", exact["model"], residual["model"], folder / "oracle")
    measured = {name: run("evaluate", data, model) for name, model in zip(MODELS, models, strict=True)}
    stated = {key: residual[key] for key in ("tier", "epsilon", "delta", "seconds")}
    return {"seed": seed, "train_and_unlearn_seconds": seconds, "residual": stated, "measured": measured}


def summary(results: list[dict[str, Any]]) -> str:
    """Table in Markdown: mean and standard deviation over seeds."""

    def values(model: str, split: str, pick: Any) -> list[float]:
        return [pick(result["measured"][model]["splits"][split]) for result in results]

    def cell(numbers: list[float], digits: int = 3) -> str:
        spread = statistics.stdev(numbers) if len(numbers) > 1 else 0.0
        return f"{statistics.mean(numbers):.{digits}f} ± {spread:.{digits}f}"

    picks = {
        "AUROC": (lambda s: s["auroc"], 3),
        "Dice": (lambda s: s["dice"], 3),
        "Leakage, nats per pixel": (lambda s: s["leakage"]["normalised"], 4),
        "Shift of the score by an artefact": (lambda s: s["counterfactual_shift"], 3),
    }
    lines = ["| Split | Measure | " + " | ".join(MODELS) + " |", "|---|---|" + "---:|" * len(MODELS)]
    for split in SPLITS:
        for title, (pick, digits) in picks.items():
            cells = [cell(values(model, split, pick), digits) for model in MODELS]
            lines.append(f"| {split} | {title} | " + " | ".join(cells) + " |")
    conflicting = {model: values(model, "test_conflicting", picks["AUROC"][0]) for model in MODELS}
    means = {model: statistics.mean(numbers) for model, numbers in conflicting.items()}
    lines.append("")
    for model in MODELS[1:3]:
        closed = (means[model] - means["coarse"]) / (means["oracle"] - means["coarse"])
        lines.append(f"- {model}: {closed:.0%} of the distance to the oracle on conflicting cases is closed.")
    for split in SPLITS:
        before, after = (
            statistics.mean(values(model, split, picks["Leakage, nats per pixel"][0])) for model in MODELS[:2]
        )
        lines.append(f"- Normalised leakage on {split}: {before:.4f} to {after:.4f} ({after / before - 1:+.0%}).")
    apart = [abs(a - b) for a, b in zip(conflicting["exact-refit"], conflicting["residual-head"], strict=True)]
    lines.append(f"- Largest difference between exact-refit and residual-head in conflicting AUROC: {max(apart):.4f}.")
    seconds = [result["train_and_unlearn_seconds"] for result in results]
    lines.append(f"- Train and unlearn: {min(seconds):.0f} to {max(seconds):.0f} s.")
    return "\n".join(lines)


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--encoder", default="shipped", help="a file, 'shipped', or an architecture")
    parser.add_argument("--out", type=Path, default=RESULTS / "synthetic_shortcut.json")
    arguments = parser.parse_args()
    results = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            results.append(one_seed(seed, Path(folder), arguments.encoder))
        arguments.out.parent.mkdir(exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(f"After {seed + 1} of {arguments.seeds} seeds:\n\n{summary(results)}\n", flush=True)


if __name__ == "__main__":
    main()
