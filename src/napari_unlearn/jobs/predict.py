"""The job that predicts masks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Preview, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token


@dataclass(frozen=True)
class PredictRequest:
    """What to predict.

    Attributes
    ----------
    dataset : Path
        A data set folder.
    model : Path
        A model folder.
    cases : tuple of str
        Ids; empty for all.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    dataset: Path
    model: Path
    cases: tuple[str, ...] = ()
    device: str = "auto"


@guarded
def events(request: PredictRequest, token: Token) -> Iterator[Event]:
    """Predict masks.

    Parameters
    ----------
    request : PredictRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress and a `Preview` for every case, then `Done` with the number of cases.
    """
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.segmenter import predict_mask

    clock = Clock()
    dataset = open_dataset(request.dataset)
    yield Progress(0, 0, "Loading the model")
    segmenter = load_segmenter(request.model, find_device(request.device))
    cases = [dataset.case(case_id) for case_id in request.cases] or list(dataset.cases)
    for done, case in enumerate(cases):
        yield Progress(done, len(cases), "Predicting", clock.remaining(done, len(cases)))
        yield Preview(case.id, predict_mask(segmenter, case.image()))
    yield Done(len(cases))
