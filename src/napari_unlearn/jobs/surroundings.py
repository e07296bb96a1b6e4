"""The job that finds out which diagnosis the surroundings of each training case speak for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.project.case_notes import taking_part


@dataclass(frozen=True)
class SurroundingsRequest:
    """What to look at.

    Attributes
    ----------
    dataset : Path
        A data set folder.
    model : Path
        Folder of a model; only its encoder is used.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    dataset: Path
    model: Path
    device: str = "auto"


@guarded
def events(request: SurroundingsRequest, token: Token) -> Iterator[Event]:
    """Look at the surroundings of all training cases that are not excluded.

    Parameters
    ----------
    request : SurroundingsRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress, then `Done` with what `evaluation.surroundings.read_surroundings` ends with.
    """
    from napari_unlearn.evaluation.surroundings import read_surroundings, with_surroundings
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device

    yield Progress(0, 0, "Loading the model")
    segmenter = load_segmenter(request.model, find_device(request.device))
    dataset = open_dataset(request.dataset)
    cases = with_surroundings(taking_part(dataset.root, dataset.split(training_split(dataset))))
    clock = Clock(token)
    for done, item in enumerate(read_surroundings(segmenter, cases), 1):
        if isinstance(item, str):
            remaining = clock.remaining(done, len(cases))
            yield Progress(done, len(cases), "Looking around the lesions", remaining)
        else:
            yield Done(item)
