"""Grounds from a data set folder: whatever it holds, as long as its splits put a shortcut to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from napari_unlearn.benchmark.ground import ALIGNED, CONFLICTING, Ground
from napari_unlearn.benchmark.held import HeldCase, hold
from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.classification import split_ending
from napari_unlearn.jobs.train import training_split

AnyCase = TypeVar("AnyCase", bound=Case)


@dataclass(frozen=True)
class FolderSource:
    """Takes training cases of a data set at random, a number of each diagnosis as it occurs.

    Attributes
    ----------
    path : Path
        A data set folder. Its training cases need fine masks, of which coarse ones are made and most are then hidden;
        its splits need names that end in ``aligned`` and ``conflicting``. Training cases for the oracle are in a split
        whose name ends in ``unbiased``, if there is one.
    cases : int
        Training cases a seed.
    size : int
        Long side of the working grid.
    """

    path: Path
    cases: int
    size: int

    def ground(self, classes: int, correlation: float | None, seed: int) -> Ground:
        """See `Source.ground`; the number of classes and the correlation are those of the data set."""
        dataset = open_dataset(self.path)
        tests = self.tests(dataset)
        rng = np.random.default_rng(seed)
        train = tuple(self._held(case) for case in _share(usable(dataset), self.cases, rng))
        ordered = [case.id for case in _share(train, len(train), rng)]
        of_class = {case.id: case.diagnosis or "" for case in train}
        unbiased: Sequence[Case] = (
            split_ending({name: dataset.refined(name) for name in dataset.splits}, "unbiased") or ()
        )

        def refine(fine: float) -> frozenset[str]:
            chosen: set[str] = set()
            for diagnosis in set(of_class.values()):
                own = [case_id for case_id in ordered if of_class[case_id] == diagnosis]
                chosen.update(own[: max(1, round(fine * len(own)))])
            return frozenset(chosen)

        return Ground(
            dataset.name,
            dataset.classes,
            dataset.positive,
            train,
            tuple(self._held(case) for case in _share(unbiased, self.cases, rng)),
            tests,
            refine,
        )

    def tests(self, dataset: Dataset) -> dict[str, Sequence[Case]]:
        """Test cases.

        Parameters
        ----------
        dataset : Dataset
            What is at `path`.

        Returns
        -------
        dict of str to sequence of Case

        Raises
        ------
        UserError
            One of the splits is missing.
        """
        found = {name: dataset.refined(name) for name in dataset.splits}
        tests: dict[str, Sequence[Case]] = {}
        for ending in (ALIGNED, CONFLICTING):
            split = split_ending(found, ending)
            if not split:
                raise UserError(
                    f"{self.path} has no split with fine masks whose name ends in '{ending}'; name one so, of cases in "
                    "which artefact and diagnosis do that."
                )
            tests[ending] = split
        return tests

    def _held(self, case: Case) -> HeldCase:
        from napari_unlearn.models.grid import image_to_grid, mask_to_grid

        # On the working grid, so that a data set of large images fits into memory.
        fine, flags = case.fine(), case.artefacts()
        assert fine is not None
        image = image_to_grid(case.image(), self.size).permute(1, 2, 0).contiguous().numpy()
        small = None if flags is None else mask_to_grid(flags, self.size)
        return hold(case.id, "train", case.diagnosis, image, mask_to_grid(fine, self.size), small)


def usable(dataset: Dataset) -> tuple[Case, ...]:
    """Training cases that a benchmark can hide masks of.

    Parameters
    ----------
    dataset : Dataset
        Any.

    Returns
    -------
    tuple of Case

    Raises
    ------
    UserError
        One has no fine mask or no diagnosis.
    """
    cases = dataset.split(training_split(dataset))
    bare = [case.id for case in cases if not (case.is_refined and case.diagnosis)]
    if bare or not cases:
        raise UserError(
            f"{len(bare)} of {len(cases)} training cases of {dataset.root} lack a fine mask or a diagnosis"
            f"{f', such as {bare[0]}' if bare else ''}; a benchmark needs both of every one, to hide them as it likes."
        )
    return cases


def _share(cases: Sequence[AnyCase], count: int, rng: np.random.Generator) -> list[AnyCase]:
    """Draw cases in random order, each diagnosis as often as it occurs."""
    order = [cases[int(i)] for i in rng.permutation(len(cases))]
    if count >= len(order):
        return order
    chosen: list[AnyCase] = []
    for diagnosis in sorted({case.diagnosis or "" for case in order}):
        own = [case for case in order if (case.diagnosis or "") == diagnosis]
        chosen += own[: max(1, round(count * len(own) / len(order)))]
    return chosen
