"""What forgetting costs beside learning again from nothing, and what a noisy step costs beside plain PyTorch.

    python benchmarks/operators.py [--folder FOLDER] [--cases 600] [--size 128] [--limit 900] [--steps 15] [--out FILE]

FOLDER is where the data set and its coarse model are made, or found from last time; a temporary one by default. Ways
to the same Dice on the test splits, in one process and with the same retain set: the exact refit of the head from
cached features, to its usual tolerance and to one that ends early; the latter with its features computed anew; and the
decoder of a U-Net from random weights, which stops as soon as its Dice is that of the refit (what measuring Dice takes
is not counted) or after `--limit` seconds.

The noisy step of `gradient-clipping` and a plain loop of the same mathematics take turns, so that a busy machine slows
both; the ratio is that of their medians. The plain loop draws its noise with `torch.randn`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.sample import sample_folder
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.evaluation.dice import DiceTally
from napari_unlearn.jobs import train
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.encoder import shipped_encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.normalisation import recompute_statistics
from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter, predict_mask
from napari_unlearn.models.unet import UnetSegmenter, public_unet
from napari_unlearn.models.unet_training import UnetFit, UnetRecipe, segmentation_loss
from napari_unlearn.models.unet_weights import weights_of, with_weights
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.catalogue.exact import ExactRefitSettings
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.collect_unet import collect_unet
from napari_unlearn.operators.gradient_clipping import noisy_step
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.registry import load
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head
from napari_unlearn.operators.settings import Settings
from napari_unlearn.operators.unet_problem import UnetProblem, evenly
from napari_unlearn.privacy.noise import OperatingSystemNoise

RESULTS = Path(__file__).parent / "results" / "operators.json"
SPLITS = ("test_aligned", "test_conflicting")
SIGMA = 0.01
SHORT = 1e-3
"""Gradient norm at which the refit that ends early ends; its Dice says whether that was too early."""


def make(folder: Path, cases: int, size: int) -> tuple[Dataset, HeadSegmenter]:
    if not (folder / "dataset").exists():
        write_sample(folder / "dataset", cases=cases, size=size, fine=0.1)
    if not (folder / "model").exists():
        encoder = str(sample_folder() / "encoder.safetensors")
        *_, last = train.events(
            train.TrainRequest(folder / "dataset", folder / "model", encoder=encoder, device="cpu"), Token()
        )
        assert isinstance(last, Done), last
    segmenter = load_segmenter(folder / "model")
    assert isinstance(segmenter, HeadSegmenter)
    return open_dataset(folder / "dataset"), segmenter


def collected(items: Iterable[Step | Collected]) -> Collected:
    *_, last = items
    assert isinstance(last, Collected)
    return last


def dice(segmenter: Segmenter, cases: Iterable[Case]) -> float:
    """Mean over cases of the Dice of lesion against background, as `evaluate` gives it."""
    tally = DiceTally(len(segmenter.card.classes))
    for case in cases:
        fine = case.fine()
        assert fine is not None
        tally.add(predict_mask(segmenter, case.image()), fine)
    assert tally.lesion is not None
    return tally.lesion


def refit(
    segmenter: HeadSegmenter, cases: tuple[Case, ...], settings: ExactRefitSettings
) -> tuple[HeadSegmenter, Collected, dict[str, float]]:
    """Exact refit of the head."""
    start = time.perf_counter()
    found = collected(collect(segmenter, cases, settings, 0, np.random.default_rng(0)))
    read = time.perf_counter()
    noise, budget = OperatingSystemNoise(), Budget(1, 1e-5)
    *_, last = load("exact-refit").steps(found.problem, settings, budget, noise, np.random.default_rng(0))
    assert isinstance(last, Revision)
    end = time.perf_counter()
    times = {"seconds": end - start, "reading": read - start, "fitting": end - read}
    return revised_head(segmenter, last.weights, found.refined), found, times


def decoder(
    head: HeadSegmenter, cases: tuple[Case, ...], tests: list[Case], wanted: float, limit: float
) -> tuple[UnetProblem, dict[str, Any]]:
    """Train the decoder from random weights until it is as good."""
    clock = time.perf_counter()
    network = public_unet(head.encoder, len(head.card.classes), frozen=True, seed=0)
    segmenter = UnetSegmenter(head.card, head.encoder.card, network)
    rng = np.random.default_rng(0)
    found = collected(collect_unet(segmenter, network, cases, Settings(), 0, rng))
    problem = found.problem
    assert isinstance(problem, UnetProblem)
    network = with_weights(problem.network, problem.public)
    recipe = UnetRecipe()
    fit = UnetFit(network, recipe, recipe.passes * problem.steps)
    seconds = reading = time.perf_counter() - clock
    curve: list[tuple[float, float]] = []
    steps = 0
    while (not curve or curve[-1][1] < wanted) and seconds < limit and steps < recipe.passes * problem.steps:
        clock = time.perf_counter()
        for _ in range(10):
            fit.step(*problem.retain.draw(1, rng), rng)
        seconds, steps = seconds + time.perf_counter() - clock, steps + 10
        copy = recompute_statistics(with_weights(network, weights_of(network)), evenly(problem.images, 200))
        curve.append((round(seconds, 1), dice(UnetSegmenter(head.card, head.encoder.card, copy), tests)))
        print(f"decoder: {steps} steps, {seconds:.1f} s, Dice {curve[-1][1]:.3f} of {wanted:.3f}", flush=True)
    return problem, {
        "seconds": seconds,
        "reading": reading,
        "steps": steps,
        "dice": curve[-1][1],
        "reached": curve[-1][1] >= wanted,
        "curve": curve,
    }


def turns(ours: Callable[[], object], plain: dict[str, Callable[[], object]], steps: int) -> dict[str, float]:
    """Median seconds of each, taking turns."""
    times: dict[str, list[float]] = {"ours": [], **{name: [] for name in plain}}
    for round_ in range(steps + 1):
        for name, step in {"ours": ours, **plain}.items():
            start = time.perf_counter()
            step()
            if round_:
                times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(each) for name, each in times.items()}
    return medians | {f"ratio to {name}": medians["ours"] / medians[name] for name in plain}


def our_step(problem: Problem, settings: GradientClippingSettings) -> Callable[[], object]:
    noise, rng = OperatingSystemNoise(), np.random.default_rng(0)
    state = {"weights": problem.public.copy()}

    def step() -> None:
        _, state["weights"] = noisy_step(problem, state["weights"], settings, SIGMA, noise, rng)

    return step


def plain_head_step(
    problem: HeadProblem, settings: GradientClippingSettings, dtype: torch.dtype
) -> Callable[[], object]:
    """The same step as one would write it: autograd over all pixels at once, features held in `dtype`."""
    pixels = problem.retain_pixels
    x, y = torch.from_numpy(pixels.features).to(dtype), torch.from_numpy(pixels.labels)
    a = torch.from_numpy(pixels.weights / pixels.weights.sum()).to(dtype)
    weights = torch.zeros(problem.original.shape, dtype=dtype, requires_grad=True)

    def step() -> None:
        loss = (a * functional.cross_entropy(x @ weights.T, y, reduction="none")).sum()
        loss = loss + 0.5 * problem.strength * (weights * weights).sum()
        (gradient,) = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            clipped = gradient * (settings.gradient_radius / gradient.norm()).clamp(max=1)
            weights.sub_(settings.step_size * (clipped + settings.decay * weights))
            weights.add_(SIGMA * torch.randn_like(weights))
        float(loss.detach())

    return step


def plain_unet_step(problem: UnetProblem, settings: GradientClippingSettings) -> Callable[[], object]:
    """The same step on the network's own parameters, in float32."""
    network = with_weights(problem.network, problem.public)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    centre = [parameter.detach().clone() for parameter in parameters]
    rng = np.random.default_rng(0)

    def step() -> None:
        images, labels = problem.retain.draw(1, rng)
        loss = segmentation_loss(network(images), labels)
        gradients = torch.autograd.grad(loss, parameters)
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
        scale = (settings.gradient_radius / norm).clamp(max=1)
        with torch.no_grad():
            for parameter, gradient, public in zip(parameters, gradients, centre, strict=True):
                parameter.sub_(settings.step_size * (scale * gradient + settings.decay * (parameter - public)))
                parameter.add_(SIGMA * torch.randn_like(parameter))
        float(loss.detach())

    return step


def noise_seconds(weights: int) -> dict[str, float]:
    source = OperatingSystemNoise()
    return turns(
        lambda: source.gaussian(weights, SIGMA), {"torch.randn": lambda: SIGMA * torch.randn(weights)}, steps=5
    )


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--limit", type=float, default=900, help="seconds of decoder training at most")
    parser.add_argument("--steps", type=int, default=15, help="noisy steps of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        os.environ["NAPARI_UNLEARN_CACHE"] = str(folder / "cache")
        dataset, coarse = make(folder, arguments.cases, arguments.size)
        cases, tests = dataset.split("train"), [case for name in SPLITS for case in dataset.split(name)]
        short = ExactRefitSettings(tolerance=SHORT)
        sooner, _, shortened = refit(coarse, cases, short)
        revised, found, refitted = refit(coarse, cases, ExactRefitSettings())
        wanted = dice(revised, tests)
        results: dict[str, Any] = {
            "cases": len(cases),
            "refined": found.refined,
            "size": arguments.size,
            "threads": torch.get_num_threads(),
            "load": os.getloadavg()[0],
            "dice_before": dice(coarse, tests),
            "refit": {**refitted, "dice": wanted},
            "refit_ended_early": {**shortened, "tolerance": SHORT, "dice": dice(sooner, tests)},
        }
        with tempfile.TemporaryDirectory() as empty:
            fresh = HeadSegmenter(
                coarse.card, coarse.encoder, coarse.head, FeatureCache(shipped_encoder(), Path(empty))
            )
            _, _, results["head_from_scratch"] = refit(fresh, cases, short)
        print(json.dumps(results, indent=1), flush=True)
        problem = found.problem
        assert isinstance(problem, HeadProblem)
        settings = GradientClippingSettings()
        plain = {name: plain_head_step(problem, settings, getattr(torch, name)) for name in ("float64", "float32")}
        results["step_head"] = {
            "weights": problem.original.size,
            "pixels": len(problem.retain_pixels),
            **turns(our_step(problem, settings), plain, arguments.steps),
            "noise": noise_seconds(problem.original.size),
        }
        del plain, problem, found
        print(json.dumps(results["step_head"], indent=1), flush=True)
        unet, results["decoder_from_scratch"] = decoder(revised, cases, tests, wanted, arguments.limit)
        for other in ("head_from_scratch", "decoder_from_scratch"):
            for name, times in (("refit", refitted), ("refit_ended_early", shortened)):
                results[other][f"times_the_{name}"] = results[other]["seconds"] / times["seconds"]
                results[other][f"times_the_fit_of_the_{name}"] = results[other]["seconds"] / times["fitting"]
        results["step_unet"] = {
            "weights": unet.original.size,
            **turns(our_step(unet, settings), {"float32": plain_unet_step(unet, settings)}, arguments.steps),
            "noise": noise_seconds(unet.original.size),
        }
    text = json.dumps(results, indent=1)
    print(text)
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
