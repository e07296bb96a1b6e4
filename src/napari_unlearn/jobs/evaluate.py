"""The job that measures what a model does, alone or beside the model before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split

if TYPE_CHECKING:
    from napari_unlearn.evaluation.evaluate import Evaluation
    from napari_unlearn.evaluation.interval import Measured
    from napari_unlearn.evaluation.pace import Pace, Watch
    from napari_unlearn.leakage import Difference


@dataclass(frozen=True)
class EvaluateRequest:
    """What to measure.

    Attributes
    ----------
    dataset : Path
        A data set folder.
    model : Path
        A model folder.
    before : Path or None
        The model to compare with.
    splits : tuple of str or None
        Names; None for every split that has fine masks, but the training split.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    resamples : int
        Bootstrap resamples for intervals.
    groups : tuple of str
        Artefacts and metadata columns to measure the AUROC within; empty for every artefact that is known.
    counterfactuals : int
        On how many cases of a split at most to measure what artefacts and context do to the score.
    forgetting : bool
        Whether to measure what is left of the forgotten labels, too.
    retrained : Path or None
        A model that was trained without the forgotten labels, to measure forgetting against.
    """

    dataset: Path
    model: Path
    before: Path | None = None
    splits: tuple[str, ...] | None = None
    device: str = "auto"
    resamples: int = 1000
    groups: tuple[str, ...] = ()
    counterfactuals: int = 200
    forgetting: bool = False
    retrained: Path | None = None


@dataclass(frozen=True, eq=False)
class EvaluateResult:
    """What was measured.

    Attributes
    ----------
    after : Evaluation
        Of the model.
    before : Evaluation or None
        Of the model to compare with.
    leakage_differences : dict of str to Difference
        Leakage after minus before on the same images, by split; empty without another model or artefact maps.
    forgetting : dict or None
        See `evaluation.forgetting.measure`; None where it was not asked for.
    pace : Pace or None
        How long it took, but for what `forgetting` took. No part of `to_json`, which tells the same of the same models.
    """

    after: Evaluation
    before: Evaluation | None
    leakage_differences: dict[str, Difference] = field(default_factory=dict)
    forgetting: dict[str, Any] | None = None
    pace: Pace | None = None

    def changes(self) -> dict[str, dict[str, Measured | None]]:
        """Dice, AUROC and counterfactual shift after minus before, case by case; empty without another model."""
        result = {}
        for name, split in self.after.splits.items():
            first = None if self.before is None else self.before.splits[name].behind
            if first is not None and split.behind is not None:
                result[name] = split.behind.change_from(first)
        return result

    def to_json(self) -> dict[str, Any]:
        """The object that ``evaluate --json`` prints; the other model's numbers stand under ``before``."""
        return dict(self._printed)

    @cached_property
    def _printed(self) -> dict[str, Any]:
        # Intervals are drawn here, which takes long enough to be felt, so once must do.
        result = self.after.to_json()
        if self.before is not None:
            result["before"] = self.before.to_json()
            result["shortcut_gap_detail"]["change"] = _numbers(self.after.gap_change_from(self.before))
        for name, change in self.changes().items():
            result["splits"][name]["change"] = {measure: _numbers(each) for measure, each in change.items()}
        for name, each in self.leakage_differences.items():
            numbers = {"value": each.value, "low": each.low, "high": each.high, "note": each.note}
            result["splits"][name]["leakage_difference"] = numbers
        if self.forgetting is not None:
            result["forgetting"] = self.forgetting
        return result


def _numbers(measured: Measured | None) -> dict[str, Any] | None:
    return None if measured is None else measured.to_json()


@guarded
def events(request: EvaluateRequest, token: Token) -> Iterator[Event]:
    """Measure.

    Parameters
    ----------
    request : EvaluateRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress, then `Done` with an `EvaluateResult`.
    """
    from napari_unlearn.evaluation.pace import Watch

    watch = Watch()
    dataset = open_dataset(request.dataset)
    splits = _splits(dataset, request.splits)
    after = before = None
    models = (request.model,) if request.before is None else (request.before, request.model)
    clock = Clock(token)
    # Twice the cases: once as they are, once with artefact or context changed.
    total = 2 * len(models) * sum(len(dataset.refined(name)) for name in splits)
    done = 0
    for folder in models:
        for step in _evaluate(folder, dataset, splits, request, watch):
            if isinstance(step, str):
                yield Progress(done, total, f"Measuring {step}", clock.remaining(done, total))
                done += 1
            else:
                before, after = after, step
    assert after is not None
    differences = {} if before is None else _differences(before, after, request.resamples)
    pace, forgetting = watch.pace(), None
    if request.forgetting:
        for found in _forgetting(dataset, splits, request):
            if isinstance(found, str):
                yield Progress(0, 0, f"Looking for what was forgotten in {found}")
            else:
                forgetting = found
    result = EvaluateResult(after, before, differences, forgetting, pace)
    result.to_json()  # here and not in the thread of a window
    yield Done(result)


def _splits(dataset: Dataset, wished: tuple[str, ...] | None) -> tuple[str, ...]:
    from napari_unlearn.evaluation.evaluate import default_splits

    splits = wished or default_splits(dataset)
    if not splits:
        raise UserError(
            f"{dataset.root} has no split with fine masks besides the training cases; refine some test cases, or name "
            "a split with --split."
        )
    for name in splits:
        if not dataset.refined(name):
            raise UserError(f"No case of the split {name} has a fine mask to compare with; refine some first.")
    return splits


def _forgetting(dataset: Dataset, splits: tuple[str, ...], request: EvaluateRequest) -> Iterator[str | dict[str, Any]]:
    from napari_unlearn.evaluation.forgetting.measure import measure_forgetting
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device

    folders = {"before": request.before, "after": request.model, "retrained": request.retrained}
    models = {name: load_segmenter(folder, find_device(request.device)) for name, folder in folders.items() if folder}
    for name, folder in folders.items():
        if folder and models[name].card.classes != models["after"].card.classes:
            raise UserError(
                f"{folder} tells other classes apart than {request.model}; choose a model of the same data."
            )
    training = training_split(dataset)
    trained = [case for case in dataset.refined(training) if case.coarse_path is not None]
    if not trained:
        raise UserError(
            f"No training case of {dataset.root} has both a coarse and a fine mask, so nothing was forgotten; leave "
            "--forgetting out."
        )
    held_out = [case for name in splits if name != training for case in dataset.refined(name)]
    yield from measure_forgetting(models, trained, held_out, request.resamples)


def _differences(before: Evaluation, after: Evaluation, resamples: int) -> dict[str, Difference]:
    from napari_unlearn.evaluation.leakage import compare_leakage

    result = {}
    for name, split in after.splits.items():
        first, last = before.splits[name].leakage_behind, split.leakage_behind
        if first is not None and last is not None:
            result[name] = compare_leakage(first, last, resamples, 0)
    return result


def _evaluate(
    folder: Path, dataset: Dataset, splits: tuple[str, ...], request: EvaluateRequest, watch: Watch
) -> Iterator[str | Evaluation]:
    from napari_unlearn.evaluation.evaluate import Evaluation, SplitEvaluation, evaluate_split
    from napari_unlearn.models.checkpoint import load_segmenter
    from napari_unlearn.models.device import find_device

    segmenter = load_segmenter(folder, find_device(request.device))
    if len(segmenter.card.classes) != len(dataset.classes):
        raise UserError(
            f"{folder} knows {len(segmenter.card.classes)} classes, but {dataset.root} has {len(dataset.classes)}; "
            "choose the data set the model was made for."
        )
    results: dict[str, SplitEvaluation] = {}
    with watch.on(segmenter):
        for name in splits:
            for step in evaluate_split(
                segmenter,
                dataset,
                name,
                request.resamples,
                groups=request.groups,
                counterfactuals=request.counterfactuals,
            ):
                if isinstance(step, SplitEvaluation):
                    results[name] = step
                else:
                    yield name
    yield Evaluation(results)
