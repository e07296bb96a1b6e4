"""What forgetting costs beside learning again from nothing, and what a noisy step costs beside plain PyTorch.

    python benchmarks/operators.py [refits] [steps] [--folder FOLDER] [--cases 600] [--sizes 128 256] [--tests 100]
                                   [--limit 900] [--rates 2e-3 5e-3] [--cached] [--steps 31] [--out FILE]

FOLDER is where data sets and their coarse models are made, or found from last time; a temporary one by default. For
each image size, in one process and with the same retain set, ways to the Dice of `exact-refit` on some test cases:

- `refit`: what a user waits for, masks and cached features read and the head fitted to the usual tolerance;
- `fitting_until_equal_dice`: the same fit, stopped as early as the others are;
- `head_without_cache`: the same with all features computed anew;
- `head_by_lbfgs`: the same pixels, already read, and the optimiser of PyTorch in float32, until the Dice is reached;
- `decoder_from_scratch`: a U-Net decoder with the recipe of `train`, from random weights at several learning rates,
  until the Dice is reached or for `--limit` seconds. It ends at the very moment, which nobody could know without fine
  masks of test cases, and measuring Dice is not counted; so these times are the least that retraining can take.

A noisy step of `gradient-clipping` and two plain loops take turns. `float64` does the same mathematics in the same
precision: weights and noise in double, as the guarantee asks for, the network itself in single. `float32` does all in
single. Both draw with `torch.randn`. The ratio is that of medians. Processor seconds, of all threads, stand beside
seconds, because a busy machine stretches the latter.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
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
EQUAL = 5e-4
"""Dice that differ by less are equal."""


@dataclass
class Watch:
    """Adds up seconds and processor seconds while it runs."""

    seconds: float = 0.0
    processor: float = 0.0
    _since: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    def __enter__(self) -> Watch:
        self._since = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self._since[0]
        self.processor += time.process_time() - self._since[1]

    @property
    def times(self) -> dict[str, float]:
        """Both, for the record."""
        return {"seconds": self.seconds, "processor_seconds": self.processor}


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


def refit(segmenter: HeadSegmenter, cases: tuple[Case, ...]) -> tuple[HeadSegmenter, Collected, dict[str, Any]]:
    """Exact refit of the head."""
    settings, reading, fitting = ExactRefitSettings(), Watch(), Watch()
    with reading:
        found = collected(collect(segmenter, cases, settings, 0, np.random.default_rng(0)))
    with fitting:
        noise, budget = OperatingSystemNoise(), Budget(1, 1e-5)
        *_, last = load("exact-refit").steps(found.problem, settings, budget, noise, np.random.default_rng(0))
    assert isinstance(last, Revision)
    whole = Watch(reading.seconds + fitting.seconds, reading.processor + fitting.processor)
    told = {**whole.times, "reading": reading.times, "fitting": fitting.times, **last.numbers}
    return revised_head(segmenter, last.weights, found.refined), found, told


def fit_until(
    found: Collected, made: Callable[[np.ndarray], HeadSegmenter], tests: list[Case], wanted: float
) -> dict[str, Any]:
    """The same fit once more, as far as the Dice asks for and no farther."""
    problem, settings, watch = found.problem, ExactRefitSettings(), Watch()
    fit = problem.learn(problem.public, settings.iterations, np.random.default_rng(0), settings.tolerance)
    while True:
        with watch:
            state = next(fit)
        reached = dice(made(state.weights), tests)
        if reached >= wanted:
            return {**watch.times, "residual_reached": state.residual, "dice": reached}


def head_by_lbfgs(
    found: Collected, made: Callable[[np.ndarray], HeadSegmenter], tests: list[Case], wanted: float, limit: float
) -> dict[str, Any]:
    """Minimise the same objective with the optimiser of PyTorch until the head is as good."""
    problem = found.problem
    assert isinstance(problem, HeadProblem)
    pixels = problem.retain_pixels
    x, y = torch.from_numpy(pixels.features), torch.from_numpy(pixels.labels)
    a = torch.from_numpy(pixels.weights / pixels.weights.sum()).float()
    weights = torch.zeros(problem.original.shape, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=10, history_size=20, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (a * functional.cross_entropy(x @ weights.T, y, reduction="none")).sum()
        loss = loss + 0.5 * problem.strength * (weights * weights).sum()
        torch.autograd.backward(loss)
        return loss

    watch, reached, steps = Watch(), 0.0, 0
    while reached < wanted and watch.seconds < limit:
        with watch:
            optimiser.step(closure)  # type: ignore[no-untyped-call]
        reached, steps = dice(made(weights.detach().double().numpy()), tests), steps + 10
        print(
            f"head by L-BFGS: {steps} iterations, {watch.seconds:.1f} s, Dice {reached:.4f} of {wanted:.4f}", flush=True
        )
    return {**watch.times, "iterations": steps, "dice": reached, "reached": reached >= wanted}


def collected_unet(head: HeadSegmenter, cases: tuple[Case, ...], rng: np.random.Generator) -> UnetProblem:
    """The retain set of a U-Net on the encoder of a head, its decoder random."""
    network = public_unet(head.encoder, len(head.card.classes), frozen=True, seed=0)
    segmenter = UnetSegmenter(head.card, head.encoder.card, network)
    problem = collected(collect_unet(segmenter, network, cases, Settings(), 0, rng)).problem
    assert isinstance(problem, UnetProblem)
    return problem


def decoder(
    head: HeadSegmenter, cases: tuple[Case, ...], tests: list[Case], wanted: float, limit: float, rate: float
) -> dict[str, Any]:
    """Train the decoder from random weights until it is as good."""
    reading, watch = Watch(), Watch()
    rng = np.random.default_rng(0)
    with reading:
        problem = collected_unet(head, cases, rng)
    network = with_weights(problem.network, problem.public)
    recipe = UnetRecipe(rate=rate)
    fit = UnetFit(network, recipe, recipe.passes * problem.steps)
    curve: list[tuple[float, float]] = []
    steps = 0
    while (not curve or curve[-1][1] < wanted) and watch.seconds < limit and steps < recipe.passes * problem.steps:
        with watch:
            for _ in range(10):
                fit.step(*problem.retain.draw(1, rng), rng)
        steps, statistics_ = steps + 10, Watch()
        with statistics_:
            copy = recompute_statistics(with_weights(network, weights_of(network)), evenly(problem.images, 200))
        curve.append((round(watch.seconds, 1), dice(UnetSegmenter(head.card, head.encoder.card, copy), tests)))
        print(f"decoder: {steps} steps, {watch.seconds:.1f} s, Dice {curve[-1][1]:.4f} of {wanted:.4f}", flush=True)
    # Normalisation statistics are needed once, at the end.
    fitting = Watch(watch.seconds + statistics_.seconds, watch.processor + statistics_.processor)
    whole = Watch(reading.seconds + fitting.seconds, reading.processor + fitting.processor)
    return {
        **whole.times,
        "reading": reading.times,
        "fitting": fitting.times,
        "rate": rate,
        "steps": steps,
        "dice": curve[-1][1],
        "reached": curve[-1][1] >= wanted,
        "curve": curve,
    }


def turns(
    ours: Callable[[], object], others: dict[str, Callable[[], object]], steps: int
) -> dict[str, dict[str, float]]:
    """Median seconds and processor seconds of each, taking turns."""
    watches: dict[str, list[Watch]] = {"ours": [], **{name: [] for name in others}}
    for _ in range(steps + 2):
        for name, step in {"ours": ours, **others}.items():
            with Watch() as watch:
                step()
            watches[name].append(watch)
    told = {
        name: {
            "seconds": statistics.median(own.seconds for own in each[2:]),
            "processor_seconds": statistics.median(own.processor for own in each[2:]),
        }
        for name, each in watches.items()
    }
    for name in others:
        told[f"ours to {name}"] = {unit: told["ours"][unit] / told[name][unit] for unit in told["ours"]}
    return told


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


def plain_unet_step(
    problem: UnetProblem, settings: GradientClippingSettings, dtype: torch.dtype
) -> Callable[[], object]:
    """The same step on the network's own parameters, with weights and noise of `dtype`."""
    network = with_weights(problem.network, problem.public)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    centre = [parameter.detach().clone().to(dtype) for parameter in parameters]
    weights = [public.clone() for public in centre]
    rng = np.random.default_rng(0)

    def step() -> None:
        images, labels = problem.retain.draw(1, rng)
        loss = segmentation_loss(network(images), labels)
        gradients = [gradient.to(dtype) for gradient in torch.autograd.grad(loss, parameters)]
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
        scale = (settings.gradient_radius / norm).clamp(max=1)
        with torch.no_grad():
            for parameter, own, gradient, public in zip(parameters, weights, gradients, centre, strict=True):
                own.sub_(settings.step_size * (scale * gradient + settings.decay * (own - public)))
                own.add_(SIGMA * torch.randn_like(own))
                parameter.copy_(own)
        float(loss.detach())

    return step


def parts_of_our_step(problem: Problem, steps: int) -> dict[str, dict[str, float]]:
    """Where the seconds of our step go: what is left of it is arithmetic on the weights."""
    noise, rng = OperatingSystemNoise(), np.random.default_rng(0)
    size = problem.public.shape
    made = turns(
        lambda: problem.loss_and_gradient(problem.public, rng),
        {
            "noise": lambda: noise.gaussian(size, SIGMA),
            "torch.randn, float64": lambda: torch.randn(size, dtype=torch.float64),
        },
        steps,
    )
    bits = 32 * problem.public.size
    sources = turns(lambda: ssl.RAND_bytes(bits), {"os.urandom": lambda: os.urandom(bits)}, steps)
    return {
        "gradient": made["ours"],
        "noise": made["noise"],
        "torch.randn, float64": made["torch.randn, float64"],
        "bits of the noise": sources["ours"],
        "as many bits from os.urandom": sources["os.urandom"],
    }


def opened(arguments: argparse.Namespace, folder: Path, size: int) -> tuple[Dataset, HeadSegmenter]:
    os.environ["NAPARI_UNLEARN_CACHE"] = str(folder / "cache")
    return make(folder, arguments.cases, size)


def refits(arguments: argparse.Namespace, folder: Path, size: int) -> dict[str, Any]:
    """Ways to the Dice of the refit."""
    dataset, coarse = opened(arguments, folder, size)
    cases = dataset.split("train")
    tests = list(evenly(tuple(case for name in SPLITS for case in dataset.split(name)), arguments.tests))
    refit(coarse, cases)  # files and code are warm afterwards, for every contender
    revised, found, refitted = refit(coarse, cases)
    reached = dice(revised, tests)
    wanted = reached - EQUAL
    results: dict[str, Any] = {
        "cases": len(cases),
        "refined": found.refined,
        "tests": len(tests),
        "threads": torch.get_num_threads(),
        "load": os.getloadavg()[0],
        "dice_before": dice(coarse, tests),
        "refit": {**refitted, "dice": reached},
    }
    made = partial(revised_head, coarse, cases=found.refined)
    results["fitting_until_equal_dice"] = until = fit_until(found, made, tests, wanted)
    print(json.dumps(results, indent=1), flush=True)
    results["head_by_lbfgs"] = head_by_lbfgs(found, made, tests, wanted, arguments.limit)
    if not arguments.cached:
        with tempfile.TemporaryDirectory() as empty:
            cache = FeatureCache(coarse.cache.encoder, Path(empty))
            _, _, results["head_without_cache"] = refit(dataclasses.replace(coarse, cache=cache), cases)
    del found, made
    tried = [decoder(revised, cases, tests, wanted, arguments.limit, rate) for rate in arguments.rates]
    results["decoder_from_scratch"] = tried
    fastest = min(tried, key=lambda told: (not told["reached"], told["seconds"]))
    results["times_the_refit"] = {
        **({} if arguments.cached else {"head_without_cache": ratios(results["head_without_cache"], refitted)}),
        "head_by_lbfgs, fitting alone": ratios(results["head_by_lbfgs"], until),
        "decoder_from_scratch": ratios(fastest, refitted),
        "decoder_from_scratch, fitting alone": ratios(fastest["fitting"], refitted["fitting"]),
        "decoder_from_scratch, fitting alone until equal Dice": ratios(fastest["fitting"], until),
        "decoder_reached": fastest["reached"],
    }
    return results


def noisy_steps(arguments: argparse.Namespace, folder: Path, size: int) -> dict[str, Any]:
    """Our step and plain ones."""
    dataset, coarse = opened(arguments, folder, size)
    cases, settings, results = dataset.split("train"), GradientClippingSettings(), {}
    problem = collected(collect(coarse, cases, settings, 0, np.random.default_rng(0))).problem
    assert isinstance(problem, HeadProblem)
    plain = {name: plain_head_step(problem, settings, getattr(torch, name)) for name in ("float64", "float32")}
    results["step_head"] = {
        "weights": problem.original.size,
        "pixels": len(problem.retain_pixels),
        "load": os.getloadavg()[0],
        **turns(our_step(problem, settings), plain, arguments.steps),
    }
    del plain, problem
    print(json.dumps(results, indent=1), flush=True)
    unet = collected_unet(coarse, cases, np.random.default_rng(0))
    plain = {name: plain_unet_step(unet, settings, getattr(torch, name)) for name in ("float64", "float32")}
    results["step_unet"] = {
        "weights": unet.original.size,
        "load": os.getloadavg()[0],
        **turns(our_step(unet, settings), plain, arguments.steps),
        "parts": parts_of_our_step(unet, arguments.steps),
    }
    return results


def ratios(other: dict[str, Any], ours: dict[str, Any]) -> dict[str, float]:
    return {unit: other[unit] / ours[unit] for unit in ("seconds", "processor_seconds")}


PARTS: dict[str, Callable[[argparse.Namespace, Path, int], dict[str, Any]]] = {"refits": refits, "steps": noisy_steps}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=list(PARTS), help="all of them by default")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--tests", type=int, default=100, help="test cases on which Dice is measured, at most")
    parser.add_argument("--limit", type=float, default=900, help="seconds of training at most")
    parser.add_argument("--rates", type=float, nargs="+", default=[2e-3, 5e-3], help="learning rates of the decoder")
    parser.add_argument("--cached", action="store_true", help="do not compute all features anew as well")
    parser.add_argument("--steps", type=int, default=31, help="noisy steps of each kind")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        for size in arguments.sizes:
            for part in arguments.parts or PARTS:
                made = PARTS[part](arguments, folder / str(size), size)
                print(json.dumps(made, indent=1), flush=True)
                results[str(size)] = results.get(str(size), {}) | made
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
