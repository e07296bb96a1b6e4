"""Which share of the bare encoder's rate features, training and unlearning reach, on a processor or a graphics card.

    python benchmarks/throughput.py [--device cpu|cuda] [--threads N] [--compile] [--out FILE]

The bare encoder goes over images that are in memory, in every setting of memory format, precision and batch, and with
`--compile` in some that torch.compile has made; the fastest of them is the peak. Beside it the package does its own
work on the same images: it reads and decodes them and computes their features, which it keeps on disk (`kept`) or not
(`computed`), or finds there (`found`); it takes a step of training a U-Net on the frozen encoder (`train`) and a noisy
step of gradient clipping (`unlearn`). Such a step goes through a decoder as well, and back, which the bare encoder does
not; so there is also the same pass forward and back without the package (`bare step`).

How much of what the machine can calculate at best is used is told as well: a large product of matrices (`matmul`) shows
what it can do on the same threads, and the multiplications and additions of the encoder are counted.

Everything is measured in turn, again and again, so that what else the machine does disturbs all alike. Shares are
medians over the rounds; by the clock and, on a processor, in processor time, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from napari_unlearn.data.case import Case
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.models.encoder import Encoder, shipped_encoder
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.feature_stream import with_levels
from napari_unlearn.models.grid import image_to_grid
from napari_unlearn.models.ranks import FULL, Alone, working_as
from napari_unlearn.models.training import read_on_grid
from napari_unlearn.models.unet import public_unet
from napari_unlearn.models.unet_training import UnetFit, UnetRecipe, oriented, segmentation_loss
from napari_unlearn.models.unet_weights import trained_parameters, weights_of
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.gradient_clipping import noisy_step
from napari_unlearn.operators.image_batches import LabelledImages
from napari_unlearn.operators.unet_problem import UnetProblem
from napari_unlearn.privacy.noise import OperatingSystemNoise

OUT = Path(__file__).parent / "results" / "throughput.json"
BATCH = 8
REDUCED = "bf16-mixed"
TARGET = 0.7
PRODUCT = {"cpu": 2048, "cuda": 8192}  # side of the matrices
Work = Callable[[], int]
"""Does something with some images and says with how many."""


@dataclass(frozen=True)
class Rounded(Alone):
    """One process whose networks calculate as with `--precision bf16-mixed`."""

    precision: str = REDUCED
    device: str = "cpu"

    def rounding(self) -> AbstractContextManager[None]:
        """What lightning-fabric would do."""
        return torch.autocast(self.device, torch.bfloat16)


class Forgetful(FeatureCache):
    """Neither looks up nor keeps."""

    def find(self, path: Path) -> list[Tensor] | None:
        """Nothing."""
        return None

    def keep(self, path: Path, deep: Sequence[Tensor]) -> None:
        """Nothing either."""


def bare_encoder(images: Tensor, batches: Iterable[int], compiled: bool) -> dict[str, Work]:
    """One pass of the encoder over some images, in every setting."""
    device, found = images.device, dict[str, Work]()
    for layout, form in (("channels_first", torch.contiguous_format), ("channels_last", torch.channels_last)):
        backbone = shipped_encoder().to(device).backbone.to(memory_format=form)
        pictures = (images.float() / 255).contiguous(memory_format=form)
        # Compiling takes a minute each on a processor, so only what is best without it is tried with it.
        ways = [("", backbone)]
        if compiled and layout == "channels_last":
            ways.append((", compiled", torch.compile(backbone)))
        for suffix, network in ways:
            for half in (False, True):
                for batch in batches if not suffix else (BATCH,):

                    def work(part: Tensor = pictures[:batch], network: Any = network, half: bool = half) -> int:
                        with torch.inference_mode(), _rounding(device, half):
                            network(part)
                        return len(part)

                    found[f"{layout}, {_name(half)}, batch {batch}{suffix}"] = work
    return found


def products(device: torch.device) -> dict[str, Work]:
    """A large product of matrices, as if it were that of a batch of images."""
    side, found = PRODUCT[device.type], dict[str, Work]()
    for half in (False, True):
        matrix = torch.randn(side, side, device=device, dtype=torch.bfloat16 if half else torch.float32)

        def work(matrix: Tensor = matrix) -> int:
            torch.mm(matrix, matrix)
            return BATCH

        found[f"matmul, {_name(half)}"] = work
    return found


def operations(size: int) -> int:
    """Multiplications and additions of the encoder for an image."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        shipped_encoder().backbone(torch.zeros(1, 3, size, size))
    return int(counter.get_total_flops())


def features(encoder: Encoder, cases: Sequence[Case], size: int, device: torch.device, folder: Path) -> dict[str, Work]:
    """Features of cases that are read and decoded."""

    def read(case: Case) -> tuple[Tensor, None]:
        return image_to_grid(case.image(), size), None

    def go_over(cache: FeatureCache) -> int:
        return sum(levels is not None for _, levels in with_levels(cache, read, cases))

    found = dict[str, Work]()
    for half in (False, True):

        def computed(half: bool = half) -> int:
            with _precision(device, half):
                return go_over(Forgetful(encoder, folder, device))

        def kept(half: bool = half) -> int:
            shutil.rmtree(folder, ignore_errors=True)
            with _precision(device, half):
                return go_over(FeatureCache(encoder, folder, device))

        def looked_up(half: bool = half) -> int:
            with _precision(device, half):
                return go_over(FeatureCache(encoder, folder, device))

        # In this order: what was kept is there to be found.
        for name, work in (("computed", computed), ("kept", kept), ("found", looked_up)):
            found[f"{name}, {_name(half)}"] = work
    return found


def steps(encoder: Encoder, cases: Sequence[Case], classes: int, size: int, device: torch.device) -> dict[str, Work]:
    """A step of training a U-Net on the frozen encoder, of unlearning it, and neither."""
    read = [read_on_grid(case, "fine", size) for case in cases]
    items = [(image, torch.from_numpy(mask.copy())) for image, mask in read[:BATCH]]
    network = public_unet(encoder, classes, frozen=True, seed=0).to(device)
    fit, rng = UnetFit(network, UnetRecipe(), 100_000), np.random.default_rng(0)
    other = public_unet(encoder, classes, frozen=True, seed=0).to(device)
    plain = public_unet(encoder, classes, frozen=True, seed=0).to(device).train()
    images, labels = (tensor.to(device) for tensor in oriented(items, rng))
    drawn = LabelledImages([image for image, _ in read], [mask for _, mask in read], [1.0] * len(read))
    start = weights_of(other)
    problem = UnetProblem(other, start, start, classes, drawn, drawn, drawn, (), 1)
    noise, settings = OperatingSystemNoise(), GradientClippingSettings()
    found = dict[str, Work]()
    for half in (False, True):

        def bare(half: bool = half) -> int:
            with _rounding(device, half):
                scores = plain(images)
            torch.autograd.grad(segmentation_loss(scores.float(), labels), list(trained_parameters(plain).values()))
            return BATCH

        def bare_forward(half: bool = half) -> int:
            with torch.no_grad(), _rounding(device, half):
                plain.layers.encoder((images.float() / 255).contiguous(memory_format=torch.channels_last))
            return BATCH

        def train(half: bool = half) -> int:
            with _precision(device, half):
                fit.step(*oriented(items, rng), rng)
            return BATCH

        def unlearn(half: bool = half) -> int:
            with _precision(device, half):
                noisy_step(problem, start, settings, 0.01, noise, rng)
            return BATCH

        named = (("encoder of a step", bare_forward), ("bare step", bare), ("train", train), ("unlearn", unlearn))
        found |= {f"{name}, {_name(half)}": work for name, work in named}
    return found


def measure(works: dict[str, Work], rounds: int, device: torch.device) -> dict[str, list[dict[str, float]]]:
    """Milliseconds an image of each work, in every round."""
    for name, work in works.items():
        begun = time.perf_counter()
        work()  # compiles, and fills caches
        _finish(device)
        print(f"  {name:48} {time.perf_counter() - begun:6.1f} s the first time", flush=True)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in works}
    gc.disable()
    for done in range(rounds):
        for name, work in works.items():
            images, clock, used = 0, time.perf_counter(), time.process_time()
            while images < BATCH:
                images += work()
            _finish(device)
            seconds, processor = time.perf_counter() - clock, time.process_time() - used
            found[name].append({"clock": 1e3 * seconds / images, "processor": 1e3 * processor / images})
        gc.collect()
        print(f"  round {done + 1} of {rounds}", flush=True)
    gc.enable()
    return found


def of_machine(
    found: dict[str, list[dict[str, float]]], names: Iterable[str], operations: int, side: int, kind: str
) -> dict[str, Any]:
    """What the machine calculates at best, and which share of it the encoder uses, alone and for features."""
    best = {}
    for precision in ("fp32", "bf16"):
        rounds = [each[kind] for each in found[f"matmul, {precision}"]]
        best[precision] = 2 * side**3 / (1e6 * BATCH * statistics.median(rounds))
        print(f"{kind}: a product of matrices in {precision} makes {best[precision]:.0f} GFLOP/s")
    print(f"  the encoder takes {operations / 1e9:.3f} GFLOP an image, and makes of what the machine can do")
    shares = {}
    for name in names:
        precision = next((word for word in ("fp32", "bf16") if word in name), "")
        # Features are computed by the encoder and nothing else; steps go through a decoder as well.
        if name.startswith(("channels", "computed", "kept")):
            per_image = 2 * side**3 / BATCH
            shares[name] = operations / per_image * share(found, name, f"matmul, {precision}", kind)
            print(f"  {name:48} {shares[name]:16.1%}")
    return {
        "gigaflops_of_matmul": {name: round(value, 1) for name, value in best.items()},
        "gigaflop_an_image": round(operations / 1e9, 4),
        "share_of_matmul": {name: round(value, 4) for name, value in shares.items()},
    }


def share(found: dict[str, list[dict[str, float]]], name: str, of: str, kind: str) -> float:
    """Median over the rounds of how fast `name` is, relative to `of`."""
    return statistics.median(b[kind] / a[kind] for a, b in zip(found[name], found[of], strict=True))


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _name(half: bool) -> str:
    return "bf16" if half else "fp32"


def _rounding(device: torch.device, half: bool) -> AbstractContextManager[Any]:
    return torch.autocast(device.type, torch.bfloat16) if half else nullcontext()


def _precision(device: torch.device, half: bool) -> AbstractContextManager[None]:
    return working_as(Rounded(precision=REDUCED if half else FULL, device=device.type) if half else Alone())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, help="of PyTorch on the processor; all cores by default")
    parser.add_argument("--cases", type=int, default=32)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--compile", action="store_true", help="try torch.compile as well; needs a C++ compiler")
    parser.add_argument("--out", type=Path, default=OUT, help="results of other devices and threads in it are left")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("There is no graphics card that PyTorch can use here, so nothing was measured.")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as scratch:
        dataset = write_sample(Path(scratch) / "data", cases=arguments.cases, size=arguments.size, fine=1.0, seed=0)
        cases = list(dataset.refined("train"))
        images = torch.randint(0, 256, (128, 3, arguments.size, arguments.size), dtype=torch.uint8, device=device)
        batches = (1, 8, 16) if device.type == "cpu" else (8, 32, 128)
        bare = bare_encoder(images, batches, arguments.compile)
        encoder = shipped_encoder().to(device)
        own = features(encoder, cases, arguments.size, device, Path(scratch) / "features")
        own |= steps(encoder, cases, len(dataset.classes), arguments.size, device)
        found = measure({**products(device), **bare, **own}, arguments.rounds, device)
    kinds = ("clock", "processor") if device.type == "cpu" else ("clock",)
    result = summary(found, list(bare), list(own), kinds)
    for kind in kinds:
        result[kind] |= of_machine(found, [*bare, *own], operations(arguments.size), PRODUCT[device.type], kind)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"processor, threads: {torch.get_num_threads()}"
    before = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.is_file() else {}
    about = {"size": arguments.size, "rounds": arguments.rounds, "torch": torch.__version__}
    arguments.out.write_text(json.dumps({**before, name: about | result}, indent=1) + "\n", encoding="utf-8")


def summary(
    found: dict[str, list[dict[str, float]]], bare: list[str], own: list[str], kinds: Iterable[str]
) -> dict[str, Any]:
    """Medians and shares of the peak, told and returned."""
    result: dict[str, Any] = {}
    for kind in kinds:
        median = {name: statistics.median(each[kind] for each in rounds) for name, rounds in found.items()}
        peak = min(bare, key=median.__getitem__)
        print(f"{kind}: milliseconds an image, share of the best of the bare encoder ({peak})")
        shares = {name: share(found, name, peak, kind) for name in found}
        for name in found:
            print(f"  {name:48} {median[name]:8.2f} {shares[name]:7.0%}")
        of_step = {
            name: share(found, name, f"bare step, {precision}", kind)
            for precision in ("fp32", "bf16")
            for name in (f"train, {precision}", f"unlearn, {precision}")
        }
        in_step = {
            precision: share(found, f"bare step, {precision}", f"encoder of a step, {precision}", kind)
            for precision in ("fp32", "bf16")
        }
        for name, value in of_step.items():
            print(f"  {name:48} {value:16.0%} of a bare step (at least {TARGET:.0%} is meant)")
        for precision, value in in_step.items():
            print(f"  the encoder takes {value:.0%} of a bare step in {precision}")
        result[kind] = {
            "peak": peak,
            "milliseconds": {name: round(value, 3) for name, value in median.items()},
            "share_of_peak": {name: round(shares[name], 3) for name in own},
            "share_of_bare_step": {name: round(value, 3) for name, value in of_step.items()},
            "encoder_in_bare_step": {name: round(value, 3) for name, value in in_step.items()},
        }
    return result


if __name__ == "__main__":
    main()
