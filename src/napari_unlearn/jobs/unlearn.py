"""The job that revises a model: one unlearning run, from a data set and a model to a run folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, atomic_write, sha256_file
from napari_unlearn.jobs.chosen_settings import chosen_settings
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Metric, Note, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.kept_run import drop_kept, kept_run, require_unfinished
from napari_unlearn.jobs.launch import by_first
from napari_unlearn.jobs.memory import with_fewer_images
from napari_unlearn.jobs.plannable import planned_numbers
from napari_unlearn.jobs.repeat import to_keep
from napari_unlearn.jobs.run_folder import EVENTS, METRICS, MODEL, new_run, require_free, write_certificate
from napari_unlearn.jobs.run_metrics import plain, run_metrics
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.jobs.trajectory import trajectory
from napari_unlearn.operators.catalogue.certified_convex import PnsgdSettings
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.registry import available, info, load
from napari_unlearn.operators.settings import Settings
from napari_unlearn.project.case_notes import taking_part


@dataclass(frozen=True)
class UnlearnRequest:
    """What to revise, and how.

    Attributes
    ----------
    dataset : Path
        A data set folder with some fine masks.
    model : Path
        The model in use.
    out : Path
        Folder of the run; must be new.
    operator : str
        Name in the registry.
    epsilon, delta : float
        Privacy budget; only certified operators use it.
    counterfactual : int
        Composed cases per refined case.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    seed : int
        Of the pixel draw and of the partners of composed cases; never of privacy noise.
    settings : mapping of str to float
        Numbers of the operator that differ from its defaults.
    noise_seed : int or None
        Test mode: noise that can be repeated. The run is then stamped as not certified.
    public_encoder : str or None
        The public encoder that a wholly trained model started from, as in `TrainRequest.encoder`; None to look for it.
    plan : bool
        Whether radii, step size, steps and decay that `settings` does not give are chosen for the budget.
    forget_cases : str or None
        A criterion, see `data.criterion`: training cases that fit it are forgotten whole.
    keep_coarse : bool
        Whether unrefined cases that do not fit it teach with their coarse labels.
    resume : bool
        Whether to go on where a run of the same request was killed, see `jobs.kept_run`.
    """

    dataset: Path
    model: Path
    out: Path
    operator: str = "exact-refit"
    epsilon: float = 1.0
    delta: float = 1e-5
    counterfactual: int = 0
    device: str = "auto"
    seed: int = 0
    settings: Mapping[str, float] = field(default_factory=dict, hash=False)
    noise_seed: int | None = None
    public_encoder: str | None = None
    plan: bool = False
    forget_cases: str | None = None
    keep_coarse: bool = False
    resume: bool = False


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes
    ----------
    folder, model : Path
        The run and its revised model.
    certificate : dict
        As written.
    operator, tier : str
        What was run and the kind of guarantee.
    epsilon, delta : float or None
        The guarantee; None for an empirical run.
    seconds : float
        Wall clock.
    retain_pixels, forget_pixels : int
        Sizes of D_r and D_f in pixels.
    stopped : str or None
        Why the run ended early with the last good state, or why its result is of little use: one sentence.
    left_out_cases : int
        Training cases that earlier runs of the model in use forgot whole, so that this one left them out.
    """

    folder: Path
    model: Path
    certificate: Mapping[str, Any]
    operator: str
    tier: str
    epsilon: float | None
    delta: float | None
    seconds: float
    retain_pixels: int
    forget_pixels: int
    stopped: str | None = None
    left_out_cases: int = 0

    @property
    def status(self) -> str:
        """The stamp of the certificate: what the run is worth, in words."""
        return str(self.certificate["status"])

    def to_json(self) -> dict[str, Any]:
        """The object that ``unlearn --json`` prints."""
        result = {**dataclasses.asdict(self), "status": self.status}
        del result["certificate"]
        return {**result, "folder": str(self.folder), "model": str(self.model)}


@guarded
def events(request: UnlearnRequest, token: Token) -> Iterator[Event]:
    """Revise a model.

    Parameters
    ----------
    request : UnlearnRequest
        What to do.
    token : Token
        To cancel, pause or stop; each takes effect within one step. Cancelling leaves nothing behind, stopping makes
        a run of the last good state.

    Yields
    ------
    Event
        Progress and curves, then `Done` with a `RunResult`.
    """
    operator = info(request.operator)
    settings = chosen_settings(operator, request)
    require_unfinished(request)
    require_free(request.out)
    if request.plan:
        chosen = planned_numbers(request.model, operator, request.epsilon, request.delta, request.settings)
        settings = chosen_settings(operator, dataclasses.replace(request, settings=chosen))
    log: list[Event] = []
    try:
        for event in _run(request, operator, settings, token):
            log.append(event)
            if isinstance(event, Done):
                event = by_first(_finish, request, operator, settings, log, event.result)
                drop_kept(request.out)
            yield event
    finally:
        if token.cancelled:  # unlike a run that was killed
            drop_kept(request.out)


@dataclass(frozen=True, eq=False)
class _Finished:
    segmenter: Any
    start: Any
    revised: Any
    model_in: str
    collected: Any
    revision: Any
    seconds: float
    left_out_cases: int
    excluded_cases: int


@with_fewer_images
def _run(request: UnlearnRequest, operator: OperatorInfo, settings: Settings, token: Token) -> Iterator[Event]:
    import numpy as np

    from napari_unlearn.jobs.certify import require_admissible
    from napari_unlearn.jobs.foreign_claims import WitnessedNoise, confirmed
    from napari_unlearn.models.checkpoint import WEIGHTS, load_segmenter
    from napari_unlearn.models.device import find_device
    from napari_unlearn.models.segmenter import HeadSegmenter
    from napari_unlearn.models.unet import UnetSegmenter
    from napari_unlearn.operators.collect import collect
    from napari_unlearn.operators.collect_unet import collect_unet
    from napari_unlearn.operators.protocol import Budget, Revision, Step
    from napari_unlearn.operators.public_start import public_start
    from napari_unlearn.operators.retain_masks import Collected
    from napari_unlearn.operators.revised import revised_head, revised_unet
    from napari_unlearn.operators.run_watch import RunWatch
    from napari_unlearn.operators.shared_noise import SharedNoise
    from napari_unlearn.operators.unet_problem import UnetProblem
    from napari_unlearn.operators.withdrawal import Withdrawal, still_given, withdraw, without_their_images
    from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise

    clock = Clock(token)
    dataset = open_dataset(request.dataset)
    cases: Sequence[Case] = dataset.split(training_split(dataset))
    withdrawal: Withdrawal | None = None
    if request.forget_cases is not None:
        withdrawal, cases = withdraw(cases, request.forget_cases, request.keep_coarse)
    everybody, cases = len(cases), taking_part(dataset.root, cases)
    if excluded := everybody - len(cases):
        yield Note(f"{excluded} of {everybody} training cases were excluded by hand and took no part.")
    yield Progress(0, 0, "Loading the model")
    segmenter = load_segmenter(request.model, find_device(request.device))
    model_in = sha256_file(request.model / WEIGHTS)
    given, cases = len(cases), still_given(cases, segmenter.card.withdrawn)
    if left_out := given - len(cases):
        yield Note(f"{left_out} of {given} training cases were forgotten whole by earlier runs and took no part.")
    start = None
    if not isinstance(segmenter, HeadSegmenter):
        if operator.convex:
            raise UserError(
                f"{operator.title} rests on a convex objective, which the head of a model has and the U-Net "
                f"{request.model} has not; choose one of {', '.join(o.name for o in available() if not o.convex)}."
            )
        start = public_start(segmenter, request.public_encoder, request.seed)
    elif request.public_encoder is not None:
        raise UserError("A model with a head holds its public encoder itself; leave --public-encoder out.")
    require_admissible(segmenter, operator, start)
    if len(segmenter.card.classes) != len(dataset.classes):
        raise UserError(
            f"{request.model} knows {len(segmenter.card.classes)} classes, but {request.dataset} has "
            f"{len(dataset.classes)}; choose the data set the model was made for."
        )
    if withdrawal is not None and isinstance(segmenter, HeadSegmenter):
        yield Progress(0, 0, "Computing statistics of the remaining images")
        segmenter = without_their_images(segmenter, cases, bounded=isinstance(settings, PnsgdSettings))
    rng = np.random.default_rng(request.seed)
    collected: Collected | None = None
    collecting = (
        collect(segmenter, cases, settings, request.counterfactual, rng, withdrawal)
        if isinstance(segmenter, HeadSegmenter)
        else collect_unet(
            segmenter,
            None if start is None else start.network,
            cases,
            settings,
            request.counterfactual,
            rng,
            withdrawal,
        )
    )
    for item in collecting:
        if isinstance(item, Step):
            yield Progress(item.done, item.total, item.message, clock.remaining(item.done, item.total))
        else:
            collected = item
    assert collected is not None
    source = OperatingSystemNoise() if request.noise_seed is None else SeededNoise(request.noise_seed)
    noise = WitnessedNoise(SharedNoise(source))
    fitting = Clock(token)
    budget = Budget(request.epsilon, request.delta)
    watch = RunWatch(collected.problem, operator, budget, segmenter.card.classes)
    going_on = kept_run(request, settings, collected, model_in, load(operator.name), noise)
    rng = going_on.draws(rng, request.seed)
    steps = going_on.operator.steps(collected.problem, settings, budget, noise, rng)
    course = trajectory(segmenter, dataset, cases, collected.problem)
    for made in watch.over(steps, lambda: token.stopping):
        if isinstance(made, Revision):
            made = going_on.told(watch.ended(confirmed(operator, made, noise, collected.problem.original.shape)))
            if not np.isfinite(made.weights).all():
                raise UserError(
                    f"{operator.title} ended in numbers that are not finite; choose smaller steps or a larger strength."
                )
            yield from course.end(made)
            revised: HeadSegmenter | UnetSegmenter
            if isinstance(segmenter, HeadSegmenter):
                revised = revised_head(segmenter, made.weights, collected.taught)
                # What any other operator made is no longer the head of the training that the card tells of.
                revised.card = dataclasses.replace(revised.card, bounded=made.training)
            else:
                assert isinstance(collected.problem, UnetProblem)
                yield Progress(0, 0, "Computing normalisation statistics from images")
                exact = operator.tier == "exact"
                revised = revised_unet(segmenter, collected.problem, made.weights, collected.taught, start, exact)
            if withdrawal is not None:
                gone = {*revised.card.withdrawn, *withdrawal.digests}
                revised.card = dataclasses.replace(revised.card, withdrawn=tuple(sorted(gone)))
            seconds = clock.elapsed
            yield Done(_Finished(segmenter, start, revised, model_in, collected, made, seconds, left_out, excluded))
            return
        going_on.see(made)
        yield Progress(made.done, made.total, made.message, fitting.remaining(made.done, made.total), keep=watch.keeps)
        for name, value in made.metrics.items():
            yield Metric(name, made.done, value)
        for event in course.step(made):
            yield dataclasses.replace(event, keep=watch.keeps) if isinstance(event, Progress) else event
    raise UserError(f"{operator.title} ended without a result; report this to its authors.")


def _finish(
    request: UnlearnRequest, operator: OperatorInfo, settings: Settings, log: list[Event], finished: object
) -> Done:
    """Write the run folder."""
    from napari_unlearn.jobs.certify import certificate, earlier_attempts
    from napari_unlearn.jobs.live_ledger import alone
    from napari_unlearn.models.checkpoint import CARD, save_segmenter
    from napari_unlearn.models.segmenter import HeadSegmenter
    from napari_unlearn.operators.protocol import Budget

    assert isinstance(finished, _Finished)
    segmenter, start, revision, collected = finished.segmenter, finished.start, finished.revision, finished.collected
    with ExitStack() as held, new_run(request.out) as folder:
        model_out = save_segmenter(finished.revised, folder / MODEL)
        events_text = "".join(json.dumps(plain(event)) + "\n" for event in log if not isinstance(event, Done))
        atomic_write(folder / EVENTS, events_text.encode())
        atomic_json(folder / METRICS, {**run_metrics(finished), "request": to_keep(request)})
        numbers: dict[str, float] = {**dataclasses.asdict(settings), "counterfactual": request.counterfactual}
        # Of a head the encoder is in the model; of a U-Net it is where the public start comes from, if that is known.
        encoder = segmenter.encoder if isinstance(segmenter, HeadSegmenter) else start and start.encoder
        if start is not None:
            numbers["decoder_seed"] = start.seed
        if finished.left_out_cases:
            numbers["left_out_cases"] = finished.left_out_cases
        if finished.excluded_cases:
            numbers["excluded_cases"] = finished.excluded_cases
        if collected.pixel_share < 1:
            numbers["pixel_share"] = collected.pixel_share
        withdrawal = collected.withdrawal
        if withdrawal is not None:
            numbers |= {"forgotten_cases": len(withdrawal.cases), "keep_coarse": int(withdrawal.keep_coarse)}
        if operator.tier == "certified":  # or two that end in the same moment miss each other's cost
            held.enter_context(alone(request.out.parent))
        record = certificate(
            segmenter,
            operator,
            revision,
            collected,
            Budget(request.epsilon, request.delta),
            numbers,
            {
                "model_in": finished.model_in,
                "model_out": model_out,
                "model_card": sha256_file(folder / MODEL / CARD),
                **({} if encoder is None else {"public_encoder": encoder.weights_hash}),
                **({} if withdrawal is None else {"forgotten_cases": withdrawal.ids_hash}),
            },
            (request.model, folder / MODEL),
            earlier_attempts(request.out.parent, finished.model_in) if operator.tier == "certified" else (),
            start,
        )
        write_certificate(folder, record)
    # They can be computed anew as long as the images are there; that is for whoever keeps the images to end.
    for path in collected.maps:
        path.unlink(missing_ok=True)
    return Done(
        RunResult(
            request.out,
            request.out / MODEL,
            record.to_dict(),
            operator.name,
            record.tier,
            record.epsilon,
            record.delta,
            finished.seconds,
            collected.retain_pixels,
            collected.forget_pixels,
            revision.stopped,
            finished.left_out_cases,
        )
    )
