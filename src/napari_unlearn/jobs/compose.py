"""The job that makes one model of two runs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_json, atomic_write, sha256_bytes, sha256_file
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Metric, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.parts import COMPOSITION, FOLDER, PARTS, Joint, joint_guarantee, part_mu
from napari_unlearn.jobs.run_folder import (
    CERTIFICATE,
    EVENTS,
    METRICS,
    MODEL,
    new_run,
    read_certificate,
    require_free,
    verify_run,
    write_certificate,
)
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.jobs.unlearn import RunResult
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.attempts import Cost
from napari_unlearn.privacy.certificate import Assumption, Certificate
from napari_unlearn.privacy.mechanisms import EARLIER_DELTA, EARLIER_EPSILON, EARLIER_MU
from napari_unlearn.project.case_notes import taking_part

if TYPE_CHECKING:
    from napari_unlearn.jobs.composing import Composing
    from napari_unlearn.operators.composition import Candidate, Measured

METHODS = ("best", "interpolate", "exchange")
RULE = "Of the candidates whose Dice is within 0.01 of the best, the one that forgets most."
_SENTENCE = "What is made of both runs inherits what they guarantee."


@dataclass(frozen=True)
class ComposeRequest:
    """What to merge.

    Attributes
    ----------
    dataset : Path
        The data set of both runs.
    first, second : Path
        Folders of the two runs.
    out : Path
        Folder of the new run; must be new.
    method : str
        ``interpolate``, ``exchange`` or ``best``, which tries all that the models allow.
    finetune : int
        Newton steps of a head, or passes of a U-Net, on what may be kept, after merging.
    public_encoder : str or None
        As in `UnlearnRequest`.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    seed : int
        Of the draws of the fine-tuning.
    """

    dataset: Path
    first: Path
    second: Path
    out: Path
    method: str = "best"
    finetune: int = 0
    public_encoder: str | None = None
    device: str = "auto"
    seed: int = 0


@guarded
def events(request: ComposeRequest, token: Token) -> Iterator[Event]:
    """Merge two runs.

    Parameters
    ----------
    request : ComposeRequest
        What to do.
    token : Token
        To cancel or pause; cancelling leaves nothing behind.

    Yields
    ------
    Event
        Progress, Dice and forgotten share along the way, then `Done` with a `RunResult`.
    """
    from napari_unlearn.evaluation.refined_cases import measure, read_refined
    from napari_unlearn.jobs.composing import Composing, compose
    from napari_unlearn.operators.composition import choose

    if request.method not in METHODS:
        raise UserError(f"There is no method '{request.method}'; choose one of {', '.join(METHODS)}.")
    if request.finetune < 0 or request.seed < 0:
        raise UserError("The passes of fine-tuning and the seed must not be negative.")
    require_free(request.out)
    clock = Clock()
    records = tuple(_verified(folder) for folder in (request.first, request.second))
    dataset = open_dataset(request.dataset)
    split = training_split(dataset)
    composing: Composing | None = None
    for made in compose(request, records, taking_part(dataset.root, dataset.split(split))):
        if isinstance(made, Composing):
            composing = made
        else:
            yield Progress(made.done, made.total, made.message, clock.remaining(made.done, made.total))
    assert composing is not None
    size = composing.first.card.size
    cases = [read_refined(case, size) for case in dataset.refined(split) if case.coarse_path is not None]
    candidates = composing.candidates(request.method)
    measured: list[Measured] = []
    for i, candidate in enumerate(candidates):
        yield Progress(i, len(candidates), f"Measuring: {candidate.name}", clock.remaining(i, len(candidates)))
        measured.append(measure(composing.segmenter(candidate.weights), cases))
        yield Metric("dice", i, measured[-1].dice)
        yield Metric("artefacts_left", i, measured[-1].forgotten)
    chosen = choose(measured)
    weights = candidates[chosen].weights
    for state in composing.finetuned(weights, request.finetune):
        yield Progress(0, 0, "Learning from what may be kept")
        weights = state.weights
    segmenter = composing.segmenter(weights)
    final = measure(segmenter, cases) if request.finetune else measured[chosen]
    leakage: dict[str, float | None] = {}
    for name, model in (("first", composing.first), ("second", composing.second), ("composed", segmenter)):
        yield Progress(len(leakage), 3, "Measuring leakage")
        leakage[name] = _leakage(model, dataset, split)
    numbers = {
        "method": request.method,
        "rule": RULE,
        "candidates": [_row(candidate, each) for candidate, each in zip(candidates, measured, strict=True)],
        "chosen": candidates[chosen].name,
        "finetune": request.finetune,
        "dice": final.dice,
        "artefacts_left": final.forgotten,
        "leakage": leakage,
        "seconds": clock.elapsed,
    }
    yield Done(_write(request, records, composing, segmenter, numbers, candidates[chosen].share))


def _verified(folder: Path) -> Certificate:
    if failures := verify_run(folder):
        raise UserError(f"{folder} cannot be composed, because it does not pass verify: {failures[0]}")
    return read_certificate(folder)


def _row(candidate: Candidate, measured: Measured) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "share_of_second": candidate.share,
        "dice": measured.dice,
        "artefacts_left": measured.forgotten,
    }


def _leakage(segmenter: Any, dataset: Dataset, split: str) -> float | None:
    from napari_unlearn.evaluation.evaluate import SplitEvaluation, evaluate_split

    *_, result = evaluate_split(segmenter, dataset, split, resamples=1)
    assert isinstance(result, SplitEvaluation)
    return None if result.leakage is None else result.leakage["normalised"]


def _write(
    request: ComposeRequest,
    records: tuple[Certificate, ...],
    composing: Composing,
    segmenter: Any,
    numbers: dict[str, Any],
    share: float | None,
) -> RunResult:
    from napari_unlearn.jobs.certify import assumptions, certificate, earlier_attempts
    from napari_unlearn.jobs.live_ledger import alone
    from napari_unlearn.models.checkpoint import CARD, save_segmenter
    from napari_unlearn.operators.protocol import Budget, Revision
    from napari_unlearn.privacy import gaussian_dp
    from napari_unlearn.privacy.noise import NO_NOISE, OperatingSystemNoise

    first, second = records
    collected = composing.collected
    joint = joint_guarantee(first, second, collected.retain_hash)
    broken = [entry for entry in assumptions(composing.first, composing.start) if not entry.holds]
    if broken and joint.tier != "empirical":
        joint = Joint("empirical", f"This does not hold: {broken[0].sentence} {broken[0].checked}")
    mechanism, used, budget = "none-needed" if joint.tier == "exact" else "none", {}, Budget(1.0, 1e-5)
    if joint.tier == "certified":
        mechanism = COMPOSITION
        mus = part_mu(first), part_mu(second)
        used = {"first_mu": mus[0], "second_mu": mus[1], "sigma": 1.0}
        delta = max(record.delta or 0.0 for record in records)
        budget = Budget(gaussian_dp.epsilon(gaussian_dp.compose([mu for mu in mus if mu]), delta), delta)
    about = Assumption(_SENTENCE, joint.reason, joint.tier != "empirical")
    choice = Assumption(
        "The choice between the candidates looked at no forgotten label.",
        "It used Dice against fine masks, and how many dilation artefacts are still predicted as lesion: where these "
        "lie, which no guarantee hides, and not what they were called.",
        True,
    )
    noise = OperatingSystemNoise.description if joint.tier == "certified" else NO_NOISE
    revision = Revision(composing.weights_of(segmenter), mechanism, used, noise=noise, assumptions=(about, choice))
    corrected = max(record.parameters.get("corrected", 1) for record in records)
    settings = {"corrected": corrected, "finetune": request.finetune, "seed": request.seed}
    if share is not None:
        settings["share_of_second"] = share
    texts = [(folder / CERTIFICATE).read_bytes() for folder in (request.first, request.second)]
    with ExitStack() as held, new_run(request.out) as folder:
        hashes = {
            "model_in": sha256_file(request.first / MODEL / "model.safetensors"),
            "model_in_second": sha256_file(request.second / MODEL / "model.safetensors"),
            "model_out": save_segmenter(segmenter, folder / MODEL),
            "model_card": sha256_file(folder / MODEL / CARD),
            **{f"certificate_{name}": sha256_bytes(text) for name, text in zip(PARTS, texts, strict=True)},
            **composing.public_encoder,
        }
        atomic_json(folder / METRICS, numbers)
        atomic_write(folder / EVENTS, b"")
        if joint.tier == "certified":
            held.enter_context(alone(request.out.parent))
        record = certificate(
            composing.first,
            _info(joint.tier),
            revision,
            collected,
            budget,
            settings,
            hashes,
            (request.first / MODEL, folder / MODEL),
            _earlier(request, records, earlier_attempts) if joint.tier == "certified" else (),
            composing.start,
        )
        for name, text in zip(PARTS, texts, strict=True):
            atomic_write(folder / FOLDER / f"{name}.json", text)
        write_certificate(folder, record)
    return RunResult(
        request.out,
        request.out / MODEL,
        record.to_dict(),
        "compose",
        record.tier,
        record.epsilon,
        record.delta,
        numbers["seconds"],
        collected.retain_pixels,
        collected.forget_pixels,
    )


def _info(tier: str) -> OperatorInfo:
    return OperatorInfo(
        "compose",
        "Composition",
        tier,
        tier.capitalize(),
        "Makes one model of two runs.",
        "Nahass et al., 2025: composition of the run that retains best and the run that forgets best.",
        Settings,
        __name__,
    )


def _earlier(request: ComposeRequest, records: tuple[Certificate, ...], attempts: Any) -> list[Cost]:
    """Cost of the certified runs on the same models that lie beside these runs or the new one, without these."""
    folders = {folder.resolve().parent for folder in (request.first, request.second, request.out)}
    models = {record.hashes["model_in"] for record in records}
    costs: list[Cost] = [cost for folder in sorted(folders) for m in sorted(models) for cost in attempts(folder, m)]
    certified = [record for record in records if record.tier == "certified"]
    for record in certified:
        if record.mu in costs:
            costs.remove(record.mu)
    # A run may have been moved away from others that were charged to it: what it records of them still counts.
    for record in certified:
        others = [part_mu(other) for other in records if other is not record]
        known = math.hypot(*others, *(cost for cost in costs if not isinstance(cost, tuple)))
        recorded = record.parameters.get(EARLIER_MU, 0.0)
        if recorded > known * (1 + 1e-9):
            costs.append(math.sqrt((recorded - known) * (recorded + known)))
        pair = tuple(record.parameters.get(name, 0.0) for name in (EARLIER_EPSILON, EARLIER_DELTA))
        sums = [sum(cost[i] for cost in costs if isinstance(cost, tuple)) for i in range(2)]
        missing = pair[0] - sums[0], pair[1] - sums[1]
        if max(missing) > 1e-12:
            costs.append((max(0.0, missing[0]), max(0.0, missing[1])))
    return costs
