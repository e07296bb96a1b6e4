"""The job that says what a privacy budget costs before it is spent: predicted Dice and leakage against epsilon.

It never looks at the model in use, only at what may be kept (see `operators.prediction`), so planning costs no budget
and may be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.plannable import head_of, obstacle
from napari_unlearn.jobs.predicted import Expected, PlanPoint, PlanResult
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.planned import plan_for, with_numbers
from napari_unlearn.operators.registry import info, load
from napari_unlearn.project.case_notes import taking_part

if TYPE_CHECKING:
    from napari_unlearn.evaluation.outlines import Outlines
    from napari_unlearn.models.segmenter import HeadSegmenter
    from napari_unlearn.operators.head_problem import HeadProblem
    from napari_unlearn.operators.prediction import Rehearsal

EPSILONS = (0.1, 0.3, 1.0, 3.0, 10.0)
OPERATORS = ("residual-head", "gradient-clipping")


@dataclass(frozen=True)
class PlanRequest:
    """What to try.

    Attributes
    ----------
    dataset : Path
        A data set folder with some fine masks.
    model : Path
        The model in use; only its encoder and the shape of its head are looked at.
    operators : tuple of str
        Certified operators on a head.
    epsilons : tuple of float
        Budgets to compare.
    delta : float
        Chance that the budget is exceeded.
    counterfactual : int
        Composed cases per refined case.
    settings : mapping of str to float
        Numbers that are given rather than planned.
    draws : int
        How often the noise is drawn for each point.
    cases : int
        At most so many cases of each split are measured, spread evenly over it.
    seed : int
        Of the pixel draw and of the rehearsed noise.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    dataset: Path
    model: Path
    operators: tuple[str, ...] = OPERATORS
    epsilons: tuple[float, ...] = EPSILONS
    delta: float = 1e-5
    counterfactual: int = 0
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)
    draws: int = 3
    cases: int = 40
    seed: int = 0
    device: str = "auto"


@guarded
def events(request: PlanRequest, token: Token) -> Iterator[Event]:
    """Predict what each budget costs.

    Parameters
    ----------
    request : PlanRequest
        What to try.
    token : Token
        To cancel or pause; nothing is written.

    Yields
    ------
    Event
        Progress, then `Done` with a `PlanResult`.
    """
    operators = _operators(request)
    dataset = open_dataset(request.dataset)
    yield Progress(0, 0, "Loading the model")
    segmenter = head_of(request.model, request.device)
    problem: HeadProblem | None = None
    for collected in _kept(request, dataset, segmenter):
        if isinstance(collected, Progress):
            yield collected
        else:
            problem = collected
    assert problem is not None
    points: list[_Point] = []
    clock, runs = Clock(), len(operators) * len(request.epsilons)
    for operator in operators:
        for epsilon in sorted(request.epsilons):
            message = f"Trying {operator.title} at ε = {epsilon:g}"
            for item in _rehearsed(request, operator, epsilon, problem):
                if isinstance(item, _Point):
                    points.append(item)
                else:
                    yield Progress(len(points), runs, message, clock.remaining(len(points), runs))
    splits, held_out = _measured(dataset, request.cases)
    heads = {problem.original.tobytes(): problem.original}
    for point in points:
        # Draws often agree to the last bit, above all from the public start, and then count as one.
        heads |= {head.tobytes(): head for head in (*point.made.revised, *point.made.public)}
    found: dict[bytes, list[Outlines]] = {key: [] for key in heads}
    yield from _outlines(segmenter, splits, heads, found)
    expected = {key: _over_splits(outlines) for key, outlines in found.items()}
    exact = expected[problem.original.tobytes()]
    yield Done(
        PlanResult(
            request.dataset,
            request.model,
            request.delta,
            request.counterfactual,
            dict(request.settings),
            request.draws,
            {name: len(cases) for name, cases in splits.items()},
            held_out,
            Expected(exact.dice, 0.0, exact.leakage, 0.0),
            tuple(
                PlanPoint(
                    point.operator.name,
                    point.epsilon,
                    point.planned,
                    point.numbers,
                    point.survival,
                    point.noise_norm,
                    _mean(expected[head.tobytes()] for head in point.made.revised),
                    _mean(expected[head.tobytes()] for head in point.made.public),
                )
                for point in points
            ),
        )
    )


@dataclass(frozen=True, eq=False)
class _Point:
    operator: OperatorInfo
    epsilon: float
    planned: bool
    numbers: dict[str, float]
    survival: float | None
    noise_norm: float | None
    made: Rehearsal


def _operators(request: PlanRequest) -> list[OperatorInfo]:
    operators = [info(name) for name in dict.fromkeys(request.operators)]
    for operator in operators:
        if not operator.uses_budget:
            raise UserError(
                f"{operator.name} is {operator.tier} and spends no budget, so epsilon costs nothing there; choose a "
                "certified operator."
            )
        if reason := obstacle(operator, head=True):
            raise UserError(reason)
    known = {name for operator in operators for name in operator.parameters}
    unknown = sorted(set(request.settings) - known)
    if unknown:
        raise UserError(f"None of {', '.join(request.operators)} has a setting {unknown[0]}.")
    if not request.epsilons or not all(0 < epsilon < math.inf for epsilon in request.epsilons):
        raise UserError("Every epsilon must be a finite number above 0; at least one is needed.")
    if not 0 < request.delta < 1:
        raise UserError(f"Delta must lie between 0 and 1, not at {request.delta}.")
    for name, value, least in (("draws", request.draws, 1), ("cases", request.cases, 2), ("seed", request.seed, 0),
                               ("counterfactual", request.counterfactual, 0)):  # fmt: skip
        if value < least:
            raise UserError(f"The number of {name} must be {least} or more, not {value}.")
    return operators


def _kept(request: PlanRequest, dataset: Dataset, segmenter: HeadSegmenter) -> Iterator[Progress | HeadProblem]:
    """Collect what may be kept, and put the exact refit in the place of the head in use."""
    import numpy as np

    from napari_unlearn.operators.collect import Collected, collect
    from napari_unlearn.operators.head_problem import HeadProblem
    from napari_unlearn.operators.prediction import stand_in
    from napari_unlearn.operators.withdrawal import still_given

    if len(segmenter.card.classes) != len(dataset.classes):
        raise UserError(
            f"{request.model} knows {len(segmenter.card.classes)} classes, but {request.dataset} has "
            f"{len(dataset.classes)}; choose the data set the model was made for."
        )
    settings = with_numbers(info("exact-refit").settings, request.settings)
    given = taking_part(dataset.root, dataset.split(training_split(dataset)))
    cases, clock = still_given(given, segmenter.card.withdrawn), Clock()
    rng = np.random.default_rng(request.seed)
    for item in collect(segmenter, cases, settings, request.counterfactual, rng):
        if not isinstance(item, Collected):
            yield Progress(item.done, item.total, item.message, clock.remaining(item.done, item.total))
            continue
        assert isinstance(item.problem, HeadProblem)
        for state in stand_in(item.problem):
            yield state if isinstance(state, HeadProblem) else Progress(state.done, state.total, state.message)


def _rehearsed(
    request: PlanRequest, operator: OperatorInfo, epsilon: float, problem: HeadProblem
) -> Iterator[_Point | None]:
    """Yield None a step, so that the job can be cancelled, and the point at the end."""
    from napari_unlearn.operators.prediction import Rehearsal, rehearse
    from napari_unlearn.operators.protocol import Budget

    shape = (problem.original.shape[0], problem.original.shape[1])
    plan = plan_for(operator, epsilon, request.delta, shape, problem.strength)
    numbers = {} if plan is None else dict(plan.numbers)
    settings = with_numbers(operator.settings, numbers, request.settings)
    # A number that the user gives in place of a planned one makes what the plan says of signal and noise untrue.
    kept = plan is not None and not set(plan.numbers) & set(request.settings)
    budget = Budget(epsilon, request.delta)
    for item in rehearse(load(operator.name), problem, settings, budget, request.draws, request.seed):
        yield (
            _Point(
                operator,
                epsilon,
                plan is not None,
                {**numbers, **{k: v for k, v in request.settings.items() if k in operator.parameters}},
                plan.survival if plan is not None and kept else None,
                plan.noise_norm if plan is not None and kept else None,
                item,
            )
            if isinstance(item, Rehearsal)
            else None
        )


def _measured(dataset: Dataset, most: int) -> tuple[dict[str, list[Case]], bool]:
    """Cases to measure by split, and whether they were kept out of training."""
    from napari_unlearn.evaluation.evaluate import default_splits

    names = default_splits(dataset)
    chosen = names or (training_split(dataset),)
    splits = {}
    for name in chosen:
        refined = [case for case in dataset.split(name) if case.is_refined]
        places = sorted({round(i * (len(refined) - 1) / max(1, most - 1)) for i in range(most)})
        splits[name] = [refined[place] for place in places] if len(refined) > most else list(refined)
    return splits, bool(names)


def _outlines(
    segmenter: HeadSegmenter,
    splits: Mapping[str, Sequence[Case]],
    heads: Mapping[bytes, Any],
    found: Mapping[bytes, list[Outlines]],
) -> Iterator[Progress]:
    from napari_unlearn.evaluation.outlines import measure_heads

    clock, done = Clock(), 0
    total = sum(len(cases) + len(heads) for cases in splits.values())
    for name, cases in splits.items():
        for item in measure_heads(segmenter, cases, list(heads.values())):
            if isinstance(item, str):
                yield Progress(done, total, f"Measuring on {name}", clock.remaining(done, total))
                done += 1
                continue
            for key, outlines in zip(heads, item, strict=True):
                found[key].append(outlines)


def _over_splits(outlines: Sequence[Outlines]) -> Outlines:
    """Mean Dice and largest leakage over splits."""
    from napari_unlearn.evaluation.outlines import Outlines

    dice = [one.dice for one in outlines if one.dice is not None]
    leakage = [one.leakage for one in outlines if one.leakage is not None]
    return Outlines(sum(dice) / len(dice) if dice else None, max(leakage, default=None))


def _mean(draws: Iterator[Outlines]) -> Expected:
    from statistics import fmean, pstdev

    made = list(draws)
    dice = [one.dice for one in made if one.dice is not None]
    leakage = [one.leakage for one in made if one.leakage is not None]
    return Expected(
        fmean(dice) if dice else None,
        pstdev(dice) if dice else 0.0,
        fmean(leakage) if leakage else None,
        pstdev(leakage) if leakage else 0.0,
    )
