"""The job that fits a model on coarse or fine masks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Metric, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.memory import with_fewer_images
from napari_unlearn.jobs.token import Token

if TYPE_CHECKING:
    import torch

    from napari_unlearn.models.encoder import Encoder
    from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
    from napari_unlearn.models.training import FitStep
    from napari_unlearn.models.unet import UnetSegmenter

METHODS = ("newton", "bounded", "pnsgd")
# From the least that mask labels touch to the most.
TRAINABLE = ("head", "decoder", "all")


@dataclass(frozen=True)
class TrainRequest:
    """What to train.

    Attributes
    ----------
    dataset : Path
        A data set folder.
    out : Path
        Folder of the new model.
    masks : str
        ``coarse`` or ``fine``.
    encoder : str
        A file, ``shipped``, ``auto`` or the name of an architecture.
    trainable : str
        ``head``, ``decoder`` or ``all``; the last two make a U-Net.
    size : int or None
        Long side of the working grid; None for the default of the data set.
    seed : int
        Of everything that is drawn at random.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    method : str
        How a head is fitted: ``newton`` to the minimum; ``bounded`` to the minimum on features of bounded length, as
        the operator newton-step needs it; ``pnsgd`` by noisy gradient descent, as the operator of that name needs it.
    strength : float or None
        Pull of a head's weights towards zero; None for the default of the method.
    overwrite : bool
        Whether a model that is at `out` already is replaced, once the new one is complete.
    """

    dataset: Path
    out: Path
    masks: str = "coarse"
    encoder: str = "auto"
    trainable: str = "head"
    size: int | None = None
    seed: int = 0
    device: str = "auto"
    method: str = "newton"
    strength: float | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class TrainResult:
    """What was trained.

    Attributes
    ----------
    model : Path
        Its folder.
    encoder : str
        Architecture and origin of the encoder, in one sentence.
    cases : int
        Training cases with a mask of the kind that was asked for.
    loss : float
        Final objective.
    seconds : float
        Wall clock.
    """

    model: Path
    encoder: str
    cases: int
    loss: float
    seconds: float


def training_split(dataset: Dataset) -> str:
    """Name of the split to learn from: the one called train, or all cases where no split is named.

    Parameters
    ----------
    dataset : Dataset
        Any.

    Returns
    -------
    str

    Raises
    ------
    UserError
        Splits are named, but none of them is a training split.
    """
    if not dataset.splits:
        return "train"
    for name in dataset.splits:
        if name.lower() in ("train", "training"):
            return name
    raise UserError(f"{dataset.root} has no split named train; name one in the column split of metadata.csv.")


@guarded
def events(request: TrainRequest, token: Token) -> Iterator[Event]:
    """Train a model.

    Parameters
    ----------
    request : TrainRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress and loss, then `Done` with a `TrainResult`.
    """
    yield from _train(request, token)


@with_fewer_images
def _train(request: TrainRequest, token: Token) -> Iterator[Event]:
    from napari_unlearn.models.checkpoint import save_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.encoder import find_encoder
    from napari_unlearn.models.ranks import first, ranks
    from napari_unlearn.models.segmenter import ModelCard
    from napari_unlearn.models.training import FitStep, default_size, masked_cases

    clock = Clock(token)
    if request.masks not in ("coarse", "fine"):
        raise UserError(f"There are no '{request.masks}' masks; choose coarse or fine.")
    if request.trainable not in TRAINABLE:
        raise UserError(f"'{request.trainable}' cannot be trained; choose one of {', '.join(TRAINABLE)}.")
    if request.seed < 0:
        raise UserError(f"The seed must not be negative, as {request.seed} is.")
    if request.size is not None and (request.size < 32 or request.size % 32):
        raise UserError(f"The size must be a multiple of 32, not {request.size}; 256 is a good choice.")
    _require_method(request)
    _require_place(request)
    dataset = open_dataset(request.dataset)
    cases = dataset.split(training_split(dataset))
    if not cases:
        raise UserError(f"{request.dataset} has no training case; add some to the split train.")
    masked = masked_cases(cases, request.masks)
    device = find_device(request.device)
    yield Progress(0, 0, "Loading the encoder")
    encoder = find_encoder(request.encoder)
    card = ModelCard(
        dataset.classes,
        dataset.positive,
        request.size or default_size(masked[0]),
        request.trainable,
        request.masks,
        dataset.name,
        len(masked),
        request.seed,
        encoder.weights_hash if request.trainable == "all" else "",
    )
    loss = float("nan")
    segmenter: HeadSegmenter | UnetSegmenter | None = None
    fit: Iterator[FitStep | HeadSegmenter | UnetSegmenter]
    if request.trainable == "head":
        fit = _fit_head(request, card, masked, encoder, device)
    else:
        fit = _fit_unet(card, masked, encoder, device)
    for step in fit:
        if not isinstance(step, FitStep):
            segmenter = step
            break
        yield Progress(step.done, step.total, step.message, clock.remaining(step.done, step.total))
        if step.loss is not None:
            loss = step.loss
            yield Metric("loss", step.done, loss)
    assert segmenter is not None
    ranks().wait()  # or one that is late would find the folder taken
    if first():
        save_segmenter(segmenter, request.out)
    described = f"{encoder.card.name}: {encoder.card.trained_on}"
    yield Done(TrainResult(request.out, described, len(masked), loss, clock.elapsed))


def _require_place(request: TrainRequest) -> None:
    if not request.out.exists() or (request.out.is_dir() and not any(request.out.iterdir())):
        return
    if not (request.out / "model.json").is_file():
        raise UserError(f"{request.out} exists already and is no model; choose a new folder for the model.")
    if not request.overwrite:
        raise UserError(f"{request.out} holds a model already; choose a new folder, or replace it with --overwrite.")


def _require_method(request: TrainRequest) -> None:
    if request.method not in METHODS:
        raise UserError(f"There is no method '{request.method}'; choose one of {', '.join(METHODS)}.")
    if request.strength is not None and not 0 < request.strength < math.inf:
        raise UserError(f"The strength must be larger than 0, not {request.strength}.")
    if request.trainable != "head" and (request.method != "newton" or request.strength is not None):
        raise UserError("A method and a strength can be chosen for a head only; add --trainable head.")
    if request.masks != "coarse" and request.method != "newton":
        raise UserError(
            f"The method {request.method} prepares a head for unlearning, so it learns from coarse masks; leave "
            "--masks out or choose the method newton."
        )


def _fit_head(
    request: TrainRequest, card: ModelCard, cases: Sequence[Case], encoder: Encoder, device: torch.device
) -> Iterator[FitStep | HeadSegmenter]:
    from napari_unlearn.models.bounded_fit import BoundedRecipe, fit_bounded
    from napari_unlearn.models.feature_cache import FeatureCache
    from napari_unlearn.models.head import PixelHead
    from napari_unlearn.models.segmenter import HeadSegmenter
    from napari_unlearn.models.training import FitStep, HeadRecipe, fit_head
    from napari_unlearn.operators.shared_noise import SharedNoise
    from napari_unlearn.privacy.noise import OperatingSystemNoise

    cache = FeatureCache(encoder, device=device)
    if request.method == "newton":
        plain = HeadRecipe() if request.strength is None else HeadRecipe(strength=request.strength)
        for step in fit_head(cases, card.masks, cache, card.size, len(card.classes), plain, card.seed):
            yield HeadSegmenter(card, encoder, step, cache) if isinstance(step, PixelHead) else step
        return
    recipe = BoundedRecipe() if request.strength is None else BoundedRecipe(strong_convexity=request.strength)
    noise = SharedNoise(OperatingSystemNoise()) if request.method == "pnsgd" else None
    for made in fit_bounded(cases, cache, card.size, len(card.classes), recipe, card.seed, noise):
        if isinstance(made, FitStep):
            yield made
        else:
            head, training = made
            yield HeadSegmenter(dataclasses.replace(card, bounded=training), encoder, head, cache)


def _fit_unet(
    card: ModelCard, cases: Sequence[Case], encoder: Encoder, device: torch.device
) -> Iterator[FitStep | UnetSegmenter]:
    from napari_unlearn.models.unet import Unet, UnetSegmenter
    from napari_unlearn.models.unet_training import UnetRecipe, fit_unet

    frozen = card.trainable == "decoder"
    encoder_card = encoder.card if frozen else encoder.card.fitted_on(card.masks, card.trained_on)
    for step in fit_unet(
        cases,
        card.masks,
        encoder,
        card.size,
        len(card.classes),
        frozen=frozen,
        recipe=UnetRecipe(),
        seed=card.seed,
        device=device,
    ):
        yield UnetSegmenter(card, encoder_card, step) if isinstance(step, Unet) else step
