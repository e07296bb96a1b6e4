"""The job that lays cases out by what the models take for lesion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.project.case_notes import taking_part

FEWEST = 3
"""Cases that can lie otherwise than on a line."""


@dataclass(frozen=True)
class FeatureSpaceRequest:
    """What to lay out.

    Attributes
    ----------
    dataset : Path
        A data set folder.
    models : tuple of (str, Path)
        Name and folder of each model; the plane is fitted to the first one.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    dataset: Path
    models: tuple[tuple[str, Path], ...]
    device: str = "auto"


@guarded
def events(request: FeatureSpaceRequest, token: Token) -> Iterator[Event]:
    """Lay cases out.

    Parameters
    ----------
    request : FeatureSpaceRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress, then `Done` with a `FeatureSpace`.
    """
    from napari_unlearn.evaluation.feature_space import feature_space, shown_in_space
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device

    yield Progress(0, 0, "Loading the models")
    device = find_device(request.device)
    models = {name: load_segmenter(folder, device) for name, folder in request.models}
    dataset = open_dataset(request.dataset)
    training = dataset.split(training_split(dataset))
    cases = shown_in_space(dataset, taking_part(dataset.root, training))
    if len(cases) < FEWEST:
        raise UserError(f"A map takes {FEWEST} cases with masks, but {request.dataset} has {len(cases)}; add some.")
    clock = Clock(token)
    for done, item in enumerate(feature_space(models, cases, frozenset(case.id for case in training)), 1):
        if isinstance(item, str):
            yield Progress(done, len(cases), "Laying cases out by their features", clock.remaining(done, len(cases)))
        else:
            yield Done(item)
