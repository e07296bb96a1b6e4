"""The shortcut in real images: ISIC dermoscopy, split trap1 of Bissoto et al. (2020), rulers with melanoma.

    python benchmarks/isic_trap.py --data FOLDER [--first 5] [--seeds 3] [--out FILE]

FOLDER holds `isic256/` (images, expert masks, metadata.csv with the columns ruler, melanoma, trap1) and
`encoder/mobilenet_v2_imagenet_int8.npz`. 600 training cases are drawn; coarse masks are boxes around the expert masks;
60 cases are refined. Aligned test cases come from the rest of the training pool (ruler and melanoma, or neither),
conflicting ones from the published test split (one without the other). Four ways to choose the 60: at random, evenly
over the diagnoses, evenly over diagnosis and ruler, and as `suggest` says from all annotated artefacts, which the split
turns round as well. Once the folders are written, only commands of the package are used. Settings and the
way of choosing were tried on seeds 0 to 4; the published table begins with seed 5 (`--first 5`).
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import segmentation_models_pytorch as smp
import torch
from PIL import Image

from napari_unlearn.masks import coarsen_box
from napari_unlearn.models.encoder import Encoder, EncoderCard
from napari_unlearn.proposals.artefacts import DETECTORS

RESULTS = Path(__file__).parent / "results"
TRAIN, REFINED, MARGIN = 600, 60, 16
CLASSES = ("background", "benign", "melanoma")
ARTEFACTS = ("dark_corner", "hair", "gel_border", "gel_bubble", "ruler", "ink", "patches")
# Real lesions have softer rims than the drawn ones that the defaults were chosen for, and the encoder has more features
# than the shipped one: background near lesions counts less, and the pull towards zero is stronger.
SETTINGS = {"strength": 0.03, "near_weight": 2, "background_weight": 0.6, "swap_weight": 0.5}
# How the 60 are chosen, and composed cases per refined case.
RUNS = (("random", 8), ("diagnosis", 8), ("diagnosis and ruler", 8), ("suggest", 0), ("suggest", 8))
Row = dict[str, str]


def run(*arguments: object) -> dict[str, Any]:
    """Run one command of the package with --json and return its object."""
    command = [sys.executable, "-m", "napari_unlearn", *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def write_encoder(source: Path, out: Path) -> None:
    """Turn the int8 ImageNet weights (batch norm folded into the convolutions) into an encoder file."""
    stored = np.load(source, allow_pickle=False)
    state = smp.encoders.get_encoder("mobilenet_v2", weights=None).state_dict()
    for key in stored.files:
        if not key.endswith(".weight"):
            continue
        name = key.removesuffix(".weight")
        weight = (stored[key].astype(np.float32) - stored[f"{name}.zero_point"].astype(np.float32)) * stored[
            f"{name}.scale"
        ].astype(np.float32)
        state[key] = torch.from_numpy(weight)
        *parents, last = name.split(".")
        norm = ".".join([*parents, str(int(last) + 1)])
        # The norm that follows is made to do nothing but add the folded bias.
        state[f"{norm}.weight"].fill_((1 + 1e-5) ** 0.5)
        state[f"{norm}.bias"] = torch.from_numpy(stored[f"{name}.bias"].astype(np.float32))
        state[f"{norm}.running_mean"].zero_()
        state[f"{norm}.running_var"].fill_(1)
    Encoder(EncoderCard("mobilenet_v2", "ImageNet-1k classification (int8 copy)", public=True), state).save(out)


def choose(rows: list[Row], how: str, rng: np.random.Generator, unrefined: Path) -> set[str]:
    """Ids of the cases to refine."""
    if how == "suggest":
        even = [word for name in ARTEFACTS for word in ("--even", name)]
        return {case["id"] for case in run("suggest", unrefined, "--cases", REFINED, *even)["cases"]}
    columns = {"random": (), "diagnosis": ("melanoma",), "diagnosis and ruler": ("melanoma", "ruler")}[how]
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row["id"])
    chosen: list[str] = []
    # Small groups first, so that what they lack is made up by the others.
    for left, group in zip(range(len(groups), 0, -1), sorted(groups.values(), key=len), strict=True):
        count = min(len(group), (REFINED - len(chosen)) // left)
        chosen += [str(case) for case in rng.choice(group, count, replace=False)]
    return set(chosen)


def write_dataset(data: Path, out: Path, splits: dict[str, list[Row]], refined: set[str]) -> None:
    """Write a data set folder: boxes as coarse masks, expert masks as fine masks of test and refined cases."""
    for name in ("images", "coarse", "fine"):
        (out / name).mkdir(parents=True)
    with (out / "metadata.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["id", "split", "diagnosis", *ARTEFACTS])
        for split, rows in splits.items():
            for row in rows:
                case, melanoma = row["id"], int(row["melanoma"])
                table.writerow([case, split, CLASSES[1 + melanoma], *(row[name] for name in ARTEFACTS)])
                shutil.copyfile(data / "images" / f"{case}.jpg", out / "images" / f"{case}.jpg")
                expert = np.asarray(Image.open(data / "masks" / f"{case}.png")) > 127
                fine = (expert * (1 + melanoma)).astype(np.uint8)
                Image.fromarray(coarsen_box(fine, MARGIN).astype(np.uint8)).save(out / "coarse" / f"{case}.png")
                if split != "train" or case in refined:
                    Image.fromarray(fine).save(out / "fine" / f"{case}.png")
    (out / "dataset.toml").write_text(f"classes = {json.dumps(CLASSES)}\nname = 'ISIC trap1'\n", encoding="utf-8")


def outline_rulers(out: Path, splits: dict[str, list[Row]]) -> None:
    """Write artefact maps of test cases: nothing where no ruler is annotated, and what the detector finds where one is.

    A ruler that is annotated and not found, as many lie outside the square that is left of the frame, leaves its case
    without a map.
    """
    detector = DETECTORS["ruler"]
    (out / "artefacts").mkdir()
    for row in (row for split, rows in splits.items() if split != "train" for row in rows):
        image = np.asarray(Image.open(out / "images" / f"{row['id']}.jpg").convert("RGB"))
        found = detector.find(image) if row["ruler"] == "1" else np.zeros(image.shape[:2], bool)
        if found.any() or row["ruler"] == "0":
            Image.fromarray(found * np.uint8(detector.flag)).save(out / "artefacts" / f"{row['id']}.png")


def draw_splits(data: Path, rng: np.random.Generator) -> dict[str, list[Row]]:
    """600 training cases, and the test cases in which ruler and melanoma agree or conflict."""
    rows = list(csv.DictReader((data / "metadata.csv").open(encoding="utf-8")))
    pool = [row for row in rows if row["trap1"] == "train"]
    rng.shuffle(pool)
    agree = [row for row in pool[TRAIN:] if row["melanoma"] == row["ruler"]]
    conflict = [row for row in rows if row["trap1"] == "test" and row["melanoma"] != row["ruler"]]
    rng.shuffle(conflict)

    def some(cases: list[Row]) -> list[Row]:
        melanomas = [row for row in cases if row["melanoma"] == "1"]
        others = [row for row in cases if row["melanoma"] == "0"]
        return [*melanomas[:130], *others[:170]]

    return {"train": pool[:TRAIN], "test_aligned": some(agree), "test_conflicting": some(conflict)}


def one_seed(seed: int, data: Path, encoder: Path, folder: Path) -> dict[str, Any]:
    """All models of one seed."""
    rng = np.random.default_rng(seed)
    splits = draw_splits(data, rng)
    everything = {row["id"] for row in splits["train"]}
    write_dataset(data, folder / "all", splits, everything)
    run("train", folder / "all", "--out", folder / "coarse", "--encoder", encoder)
    run("train", folder / "all", "--out", folder / "fine", "--encoder", encoder, "--masks", "fine")
    models = {"coarse masks": folder / "coarse", "fine masks on all 600": folder / "fine"}
    write_dataset(data, folder / "unrefined", splits, set())
    options = [word for k, v in SETTINGS.items() for word in ("--setting", f"{k}={v}")]
    for how, swaps in RUNS:
        name = how.replace(" ", "-")
        if not (folder / name).exists():
            write_dataset(data, folder / name, splits, choose(splits["train"], how, rng, folder / "unrefined"))
        out = folder / f"run-{len(models)}"
        made = run("unlearn", folder / name, folder / "coarse", "--out", out, "--counterfactual", swaps, *options)
        models[f"exact refit, 60 by {how}, {swaps} swaps"] = Path(made["model"])
    return {name: run("evaluate", folder / "all", model) for name, model in models.items()}


def summary(results: list[dict[str, Any]]) -> str:
    """Table in Markdown."""
    lines = [
        "| Model | AUROC aligned | AUROC conflicting | Dice aligned | Dice conflicting |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in results[0]:
        cells = []
        for measure in ("auroc", "dice"):
            for split in ("test_aligned", "test_conflicting"):
                numbers = [result[name]["splits"][split][measure] for result in results]
                spread = f" ± {statistics.stdev(numbers):.2f}" if len(numbers) > 1 else ""
                cells.append(f"{statistics.mean(numbers):.2f}{spread}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--first", type=int, default=5, help="first seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS / "isic_trap.json")
    arguments = parser.parse_args()
    if not (arguments.data / "isic256").is_dir():
        print(f"{arguments.data} has no folder isic256; name the folder with --data. Nothing was measured.")
        return
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        encoder = Path(scratch) / "encoder.safetensors"
        write_encoder(arguments.data / "encoder" / "mobilenet_v2_imagenet_int8.npz", encoder)
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            folder = Path(scratch) / str(seed)
            results.append(one_seed(seed, arguments.data / "isic256", encoder, folder))
            arguments.out.parent.mkdir(exist_ok=True)
            arguments.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
            print(f"After {len(results)} of {arguments.seeds} seeds:\n\n{summary(results)}\n", flush=True)


if __name__ == "__main__":
    main()
