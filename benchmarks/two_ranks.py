"""Whether two processes make what one makes: training, certified unlearning and evaluation, on the processor.

    python benchmarks/two_ranks.py [--cases 60] [--size 128] [--out FILE]

Draws synthetic images, does everything alone, then launches a second process through lightning-fabric (gloo) and does
everything again with features computed anew. The noise comes from a fixed source, which no certificate would be given
for; everything else is as in the commands. Prints how far apart the results are, and fails if that is more than
rounding.

A head is fitted to a minimum, so that the order of sums hardly moves it. Noisy steps of a U-Net pass rounding on from
step to step, and AdamW turns gradients near zero into whole steps, so that a trained U-Net differs most.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.jobs import evaluate, train, unlearn
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.launch import launched
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
from napari_unlearn.models.encoder import shipped_encoder
from napari_unlearn.models.ranks import first, ranks
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
from napari_unlearn.models.unet import Unet, UnetSegmenter
from napari_unlearn.models.unet_training import UnetRecipe, fit_unet
from napari_unlearn.models.unet_weights import weights_of

LARGEST = {"head": 1e-5, "U-Net": 1e-4, "trained U-Net": 2e-2, "evaluation": 1e-3}
"""Largest relative difference that is taken for rounding."""

NOISY = {
    "gradient-clipping": {"steps": 5, "finetune": 0},
    "model-clipping": {"steps": 3, "finetune": 0},
}


def result(events: Iterator[Any]) -> Any:
    *_, last = events
    if not isinstance(last, Done):
        raise SystemExit(f"Process {ranks().number}: {last}")
    return last.result


def weights(folder: Path) -> np.ndarray:
    segmenter = load_segmenter(folder)
    return segmenter.head.weights if isinstance(segmenter, HeadSegmenter) else weights_of(segmenter.network)


def everything(dataset: Dataset, size: int, folder: Path) -> dict[str, np.ndarray]:
    """Do it all; files go to the folder, which all processes see."""
    os.environ["NAPARI_UNLEARN_CACHE"] = str(folder / "cache")
    made: dict[str, np.ndarray] = {}

    def revise(kind: str, model: Path) -> None:
        for operator, settings in NOISY.items():
            out = folder / kind / operator
            request = unlearn.UnlearnRequest(
                dataset.root, model, out, operator, epsilon=10.0, device="cpu", settings=settings, noise_seed=7
            )
            result(unlearn.events(request, Token()))
            ranks().wait()
            made[f"{kind}: {operator}"] = weights(out / "model")

    head = folder / "head-model"
    result(train.events(train.TrainRequest(dataset.root, head, encoder="shipped", device="cpu"), Token()))
    ranks().wait()
    made["head: train"] = weights(head)
    revise("head", head)
    measured = result(
        evaluate.events(evaluate.EvaluateRequest(dataset.root, head, device="cpu", resamples=20), Token())
    ).to_json()
    made["evaluation: Dice and AUROC"] = np.array([[s["dice"], s["auroc"]] for s in measured["splits"].values()])
    made["evaluation: leakage"] = np.array([s["leakage"]["s_global"] for s in measured["splits"].values()])

    encoder, cases = shipped_encoder(), dataset.refined("train")[:16]
    *_, network = fit_unet(
        cases,
        "coarse",
        encoder,
        size,
        len(dataset.classes),
        frozen=False,
        recipe=UnetRecipe(passes=2),
        seed=0,
        device=torch.device("cpu"),
    )
    assert isinstance(network, Unet)
    made["trained U-Net: whole"] = weights_of(network)
    # Where both begin with the same weights, only the steps can differ.
    start = folder.parent / "unet"
    if ranks().count == 1:
        *_, decoder = fit_unet(
            cases[:8],
            "coarse",
            encoder,
            size,
            len(dataset.classes),
            frozen=True,
            recipe=UnetRecipe(passes=1),
            seed=0,
            device=torch.device("cpu"),
        )
        assert isinstance(decoder, Unet)
        card = ModelCard(dataset.classes, dataset.positive, size, "decoder", "coarse", dataset.name, len(cases), 0)
        save_segmenter(UnetSegmenter(card, encoder.card, decoder), start)
    revise("U-Net", start)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--out", type=Path, help="write the differences to this file, too")
    parser.add_argument("--folder", type=Path, help="work here and leave everything")
    arguments = parser.parse_args()
    child = "LOCAL_RANK" in os.environ
    folder = Path(os.environ.setdefault("TWO_RANKS_FOLDER", str(arguments.folder or tempfile.mkdtemp())))
    alone: dict[str, np.ndarray] = {}
    if child:
        dataset = open_dataset(folder / "data")
    else:
        dataset = write_sample(folder / "data", cases=arguments.cases, size=arguments.size, fine=0.5, seed=0)
        alone = everything(dataset, arguments.size, folder / "one")
    try:
        with launched(devices=2, device="cpu"):
            together = everything(dataset, arguments.size, folder / "two")
            if first():
                compare(alone, together, arguments.out)
    finally:
        if not child and arguments.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def compare(alone: dict[str, np.ndarray], together: dict[str, np.ndarray], out: Path | None) -> None:
    """Print how far apart the results are, and fail if they are too far."""
    rows, failed = {}, []
    for name, one in alone.items():
        difference = float(np.abs(one - together[name]).max() / np.abs(one).max())
        rows[name] = difference
        print(f"{name:32} {one.size:>8} numbers, largest relative difference {difference:.1e}", flush=True)
        if not difference <= LARGEST[name.partition(":")[0]]:
            failed.append(name)
    if out is not None:
        out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if failed:
        raise SystemExit(f"More than rounding: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
