"""From what a person asks for to a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.benchmark.design import Factors, Models, trials
from napari_unlearn.benchmark.folder import FolderSource, usable
from napari_unlearn.benchmark.ground import Source
from napari_unlearn.benchmark.job import BenchmarkRequest
from napari_unlearn.benchmark.row import Trial
from napari_unlearn.benchmark.synthetic import NAME, SyntheticSource
from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.errors import UserError


@dataclass(frozen=True)
class Asked:
    """A benchmark as the command line describes it.

    Attributes
    ----------
    factors : Factors
        Values of each factor.
    models : Models
        What to measure.
    grid : bool
        Whether all combinations are measured, not one factor at a time.
    seeds : int
        How many, from 0.
    cases, size : int
        Training cases, and the long side of the working grid.
    encoder : str
        As `train --encoder` takes it.
    dataset : Path or None
        A data set folder; None for drawn images.
    """

    factors: Factors
    models: Models
    grid: bool
    seeds: int
    cases: int
    size: int
    encoder: str
    dataset: Path | None = None


def request(asked: Asked, table: Path, workers: int) -> BenchmarkRequest:
    """Work out what is to be measured.

    Parameters
    ----------
    asked : Asked
        What a person wants.
    table : Path
        File for the rows.
    workers : int
        Processes.

    Returns
    -------
    BenchmarkRequest

    Raises
    ------
    UserError
        A value is out of range, or the data set is of no use here.
    """
    if asked.size % 32:
        raise UserError(f"The size must be a multiple of 32, not {asked.size}; 96 is a good choice.")
    factors, models = asked.factors, asked.models.checked()
    source: Source
    if asked.dataset is None:
        source, name, cases = SyntheticSource(asked.cases, asked.size), NAME, asked.cases
    else:
        folder = FolderSource(asked.dataset, asked.cases, asked.size)
        dataset = open_dataset(asked.dataset)
        folder.tests(dataset)
        source, name, cases = folder, dataset.root.name, min(asked.cases, len(usable(dataset)))
        factors = Factors((len(dataset.classes),), (None,), factors.coarse, factors.fine, factors.swaps)
    settings = factors.checked(any_classes=asked.dataset is not None)
    # A path says nothing to somebody else, and would make another trial of the same one on another machine.
    common = Trial(name, Path(asked.encoder).stem, cases, asked.size, 0, None, 0, "", None, None, "")
    chosen = settings.grid() if asked.grid else settings.star()
    return BenchmarkRequest(
        table,
        tuple(trials(list(chosen), range(asked.seeds), models, common)),
        source,
        asked.encoder,
        asked.size,
        workers,
    )
