"""The job that fits a model on coarse or fine masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Metric, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token


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
        ``head``.
    size : int or None
        Long side of the working grid; None for the default of the data set.
    seed : int
        Of the pixel draw.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    dataset: Path
    out: Path
    masks: str = "coarse"
    encoder: str = "auto"
    trainable: str = "head"
    size: int | None = None
    seed: int = 0
    device: str = "auto"


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
        Training cases.
    loss : float
        Final objective in nats.
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
    from napari_unlearn.models.checkpoint import save_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.encoder import find_encoder
    from napari_unlearn.models.feature_cache import FeatureCache
    from napari_unlearn.models.head import PixelHead
    from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
    from napari_unlearn.models.training import HeadRecipe, default_size, fit_head

    clock = Clock()
    if request.masks not in ("coarse", "fine"):
        raise UserError(f"There are no '{request.masks}' masks; choose coarse or fine.")
    if request.trainable != "head":
        raise UserError(f"Only the head can be trained in this version, not '{request.trainable}'; choose head.")
    if request.seed < 0:
        raise UserError(f"The seed must not be negative, as {request.seed} is.")
    if request.size is not None and (request.size < 32 or request.size % 32):
        raise UserError(f"The size must be a multiple of 32, not {request.size}; 256 is a good choice.")
    dataset = open_dataset(request.dataset)
    cases = dataset.split(training_split(dataset))
    if not cases:
        raise UserError(f"{request.dataset} has no training case; add some to the split train.")
    device = find_device(request.device)
    yield Progress(0, 0, "Loading the encoder")
    encoder = find_encoder(request.encoder)
    size = request.size or default_size(cases[0])
    cache = FeatureCache(encoder, device=device)
    loss = float("nan")
    head: PixelHead | None = None
    for step in fit_head(cases, request.masks, cache, size, len(dataset.classes), HeadRecipe(), request.seed):
        if isinstance(step, PixelHead):
            head = step
            break
        yield Progress(step.done, step.total, step.message, clock.remaining(step.done, step.total))
        if step.loss is not None:
            loss = step.loss
            yield Metric("loss", step.done, loss)
    assert head is not None
    card = ModelCard(
        dataset.classes,
        dataset.positive,
        size,
        request.trainable,
        request.masks,
        dataset.name,
        len(cases),
        request.seed,
    )
    save_segmenter(HeadSegmenter(card, encoder, head, cache), request.out)
    described = f"{encoder.card.name}: {encoder.card.trained_on}"
    yield Done(TrainResult(request.out, described, len(cases), loss, clock.elapsed))
