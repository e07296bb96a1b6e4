"""The job that makes a report: checks the run, draws pictures, measures both models, and writes two files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write, parse_json, sha256_file
from napari_unlearn.jobs import evaluate, feature_space, predict
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Preview, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.run_folder import MODEL, SUMS
from napari_unlearn.jobs.token import CancelledError, Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.project.case_notes import taking_part
from napari_unlearn.report.facts import RunFacts, read_run

if TYPE_CHECKING:
    from napari_unlearn.evaluation.feature_space import FeatureSpace
    from napari_unlearn.report.content import Content
    from napari_unlearn.report.figures import CaseFigure

_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class ReportRequest:
    """What to report.

    Attributes
    ----------
    run : Path
        A run folder, or an exported one.
    out : Path
        The HTML file to write; the model card is written beside it.
    dataset : Path or None
        The data set of the run; without it there are neither pictures nor numbers.
    before : Path or None
        The model that the run started from.
    evaluation : Path or mapping or None
        What ``evaluate --json`` printed for these models, or the file that holds it; None to measure.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    resamples : int
        Bootstrap resamples for the interval of the leakage.
    with_paths : bool
        Whether the report may say where things lie on this machine.
    retrained : Path or None
        A model that never saw the forgotten labels, to stand beside the other two in the feature space.
    """

    run: Path
    out: Path
    dataset: Path | None = None
    before: Path | None = None
    evaluation: Path | Mapping[str, Any] | None = field(default=None, hash=False)
    device: str = "auto"
    resamples: int = 1000
    with_paths: bool = False
    retrained: Path | None = None


@dataclass(frozen=True)
class ReportResult:
    """A finished report.

    Attributes
    ----------
    report, card : Path
        The HTML file and the model card.
    verified : bool
        Whether the run passed its own check.
    missing : tuple of str
        What the report lacks.
    """

    report: Path
    card: Path
    verified: bool
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The object that ``report --json`` prints."""
        return {
            "report": str(self.report),
            "model_card": str(self.card),
            "verified": self.verified,
            "missing": list(self.missing),
        }


def default_out(run: Path) -> Path:
    """Where the report of a run goes if nobody says: beside the run, because a file inside would alter it.

    Parameters
    ----------
    run : Path
        A run folder.

    Returns
    -------
    Path
    """
    folder = run.resolve()
    return folder.with_name(f"{folder.name}.report.html")


@guarded
def events(request: ReportRequest, token: Token) -> Iterator[Event]:
    """Make a report.

    Parameters
    ----------
    request : ReportRequest
        What to do.
    token : Token
        To cancel or pause.

    Yields
    ------
    Event
        Progress, then `Done` with a `ReportResult`.
    """
    from napari_unlearn.report.content import Content
    from napari_unlearn.report.model_card import model_card
    from napari_unlearn.report.page import render
    from napari_unlearn.report.paths import PathRemover

    _require_place(request.out)
    yield Progress(0, 0, "Checking the run")
    facts = read_run(request.run)
    if request.before is not None:
        _require_origin(request.before, facts)
    content: Content | None = None
    if request.dataset is None:
        reason = "They need a data set, and none was given."
        numbers = None if request.evaluation is None else _given(request.evaluation)
        measured = reason if numbers is None else _GIVEN
        content = Content(facts, after=numbers, before=_earlier(numbers), measured=measured, places=_places(request))
    else:
        for item in _with_dataset(request, request.dataset, facts, token):
            if isinstance(item, Content):
                content = item
            else:
                yield item
    assert content is not None
    yield Progress(0, 0, "Writing the report")
    known = [path for path in (request.run, request.out, request.dataset, request.before) if path is not None]
    tidy = str if request.with_paths else PathRemover(known)
    page, card = render(content, tidy), model_card(content, tidy)
    beside = request.out.with_name(f"{request.out.stem}.model_card.md")
    atomic_write(beside, card.encode())
    atomic_write(request.out, page.encode())
    yield Done(ReportResult(request.out, beside, not facts.failures, tuple(_missing(content))))


_GIVEN = (
    "Taken from an earlier evaluation that was handed over; whether it is of these models cannot be checked from its "
    "numbers."
)
_MEASURED = "Measured when this was written, on every case of these splits that has a fine mask."


def _with_dataset(request: ReportRequest, folder: Path, facts: RunFacts, token: Token) -> Iterator[Event | Content]:
    from napari_unlearn.evaluation.evaluate import default_splits
    from napari_unlearn.report.content import Content
    from napari_unlearn.report.figures import forget_figures, shown_cases

    dataset = open_dataset(folder)
    training = dataset.split(training_split(dataset))
    splits = default_splits(dataset)
    masks = ""
    for step in _compare_masks(_took_part(folder, training, facts), facts):
        if isinstance(step, str):
            masks = step
        else:
            yield step
    forgotten: list[CaseFigure] = []
    for figure in forget_figures(training):
        forgotten.append(figure)
        yield Progress(len(forgotten), 0, "Drawing what was forgotten")
    predicted: list[CaseFigure] = []
    for drawn in _predictions(request, folder, facts, shown_cases(dataset, splits), token):
        if isinstance(drawn, Progress):
            yield drawn
        else:
            predicted.append(drawn)
    space: FeatureSpace | None = None
    for laid in _space(request, folder, training, facts, token):
        if isinstance(laid, Progress):
            yield laid
        else:
            space = laid
    numbers: Mapping[str, Any] | None = None
    measured = "No case outside the training split has a fine mask to compare with; refine some test cases."
    if request.evaluation is not None:
        numbers, measured = _given(request.evaluation), _GIVEN
    elif splits:
        wanted = evaluate.EvaluateRequest(
            folder, request.run / MODEL, request.before, splits, request.device, request.resamples
        )
        for event in _passed_on(evaluate.events(wanted, token)):
            if isinstance(event, Done):
                assert isinstance(event.result, evaluate.EvaluateResult)
                numbers, measured = event.result.to_json(), _MEASURED
            else:
                yield event
    yield Content(
        facts,
        dataset,
        masks,
        numbers,
        _earlier(numbers),
        measured,
        tuple(forgotten),
        tuple(predicted),
        request.before is not None,
        _places(request),
        space,
    )


def _space(
    request: ReportRequest, folder: Path, training: tuple[Case, ...], facts: RunFacts, token: Token
) -> Iterator[Progress | FeatureSpace]:
    """Lay cases out before and after; not where whole cases were withdrawn, as the record does not name them."""
    if request.before is None or facts.withdrawn or len(training) < feature_space.FEWEST:
        return
    folders = {"before": request.before, "after": request.run / MODEL, "retrained": request.retrained}
    models = tuple((name, path) for name, path in folders.items() if path is not None)
    for event in _passed_on(
        feature_space.events(feature_space.FeatureSpaceRequest(folder, models, request.device), token)
    ):
        if isinstance(event, Progress):
            yield event
        elif isinstance(event, Done):
            yield event.result  # type: ignore[misc]


def _took_part(dataset: Path, training: tuple[Case, ...], facts: RunFacts) -> tuple[Case, ...]:
    from napari_unlearn.operators.withdrawal import still_given

    # Of cases that were excluded the run tells the number only; the notes of the project say which they are now.
    included = taking_part(dataset, training) if facts.certificate.parameters.get("excluded_cases") else training
    return tuple(still_given(included, facts.model.get("withdrawn", ())))


def _compare_masks(training: tuple[Case, ...], facts: RunFacts) -> Iterator[Event | str]:
    """Say whether the masks are still those of the run: ``same``, ``changed`` or, with withdrawn cases, ``unknown``."""
    if facts.withdrawn:  # the certificate names them by a digest alone
        yield "unknown"
        return
    from napari_unlearn.operators.retain_masks import MaskReader

    cases = [case for case in training if case.coarse_path is not None]
    reader = MaskReader(32, corrected=True)
    for done, case in enumerate(cases):
        yield Progress(done, len(cases), "Comparing the masks with those of the run")
        reader.read(case)
    hashes = facts.certificate.hashes
    yield "same" if reader.fingerprints == (hashes.get("retain_masks"), hashes.get("forget_masks")) else "changed"


def _predictions(
    request: ReportRequest, folder: Path, facts: RunFacts, cases: list[Case], token: Token
) -> Iterator[Progress | CaseFigure]:
    from napari_unlearn.report.figures import prediction_figure

    models = {"After": request.run / MODEL}
    if request.before is not None:
        models = {"Before": request.before, **models}
    found: dict[str, dict[str, Any]] = {case.id: {} for case in cases}
    if not cases:
        return
    for name, model in models.items():
        wanted = predict.PredictRequest(folder, model, tuple(found), request.device)
        for event in _passed_on(predict.events(wanted, token)):
            if isinstance(event, Preview):
                found[event.case_id][name] = event.prediction
            elif isinstance(event, Progress):
                yield event
    for case in cases:
        yield prediction_figure(case, found[case.id], facts.classes)


def _passed_on(job: Iterator[Event]) -> Iterator[Event]:
    """Events of another job; its failure is one of this job."""
    for event in job:
        if isinstance(event, Failed):
            raise UserError(event.sentence)
        if isinstance(event, Cancelled):
            raise CancelledError
        yield event


def _require_place(out: Path) -> None:
    if out.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{out} must end in .html, because the report is a web page.")
    for folder in out.absolute().parents:
        if (folder / SUMS).is_file():
            raise UserError(
                f"{out} lies inside the run {folder}, which would no longer verify; choose a place outside of it."
            )


def _require_origin(before: Path, facts: RunFacts) -> None:
    weights = before / _WEIGHTS
    if not weights.is_file():
        raise UserError(f"{before} is not a model folder: it has no {_WEIGHTS}; name the model the run started from.")
    if sha256_file(weights) != facts.certificate.hashes.get("model_in"):
        raise UserError(
            f"{before} is not the model that this run started from: its SHA-256 is not the one in the certificate; "
            "name that model, or leave --before out."
        )


def _given(evaluation: Path | Mapping[str, Any]) -> Mapping[str, Any]:
    numbers: Any = evaluation
    if isinstance(evaluation, Path):
        try:
            numbers = parse_json(evaluation.read_bytes())
        except (OSError, ValueError) as error:
            raise UserError(f"{evaluation} cannot be read; give the file that evaluate --json printed.") from error
    try:
        for entry in (numbers, numbers.get("before") or numbers):
            for split in entry["splits"].values():
                int(split["cases"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{evaluation} is not what evaluate --json prints; write it again.") from error
    return dict(numbers)


def _earlier(numbers: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if numbers is None else numbers.get("before")


def _places(request: ReportRequest) -> dict[str, str]:
    if not request.with_paths:
        return {}
    places = {"Run folder": request.run, "Data set folder": request.dataset, "Model before": request.before}
    return {name: str(path.resolve()) for name, path in places.items() if path is not None}


def _missing(content: Content) -> Iterator[str]:
    if not content.forgotten:
        yield "pictures of what was forgotten"
    if not content.predicted:
        yield "predictions"
    if content.after is None:
        yield "numbers"
    elif content.before is None:
        yield "numbers of the model before"
    if not content.facts.curves:
        yield "curves"
    if content.space is None:
        yield "the map of the cases"
