"""The job that unlearns while somebody brushes: it lives as long as the session and answers each stroke with a state.

A state is a head within the residual bound of the minimum for the masks of the moment, with its noise, its certificate
and the prediction of the case in hand. A newer stroke overtakes the fit to an older one between two blocks of work, and
what the fit has reached until then is where the next one starts.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.case import Case
from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.clock import Clock
from napari_unlearn.jobs.events import Done, Event, Preview, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.live_inbox import Inbox, Mail
from napari_unlearn.jobs.live_ledger import enter
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import training_split
from napari_unlearn.project.case_notes import taking_part

if TYPE_CHECKING:
    from napari_unlearn.jobs.live_records import Release
    from napari_unlearn.operators.live.retain_state import RetainState
    from napari_unlearn.operators.live.solver import Solver
    from napari_unlearn.privacy.certificate import Certificate

STATES = 10_000
RESIDUAL = 3e-9
_PATIENCE = 0.2  # seconds between two looks at the token while nothing happens
_PASSES, _FIRST_PASSES = 60, 400
_ROUGH = 20_000  # rows that the curvature is taken from in the middle of a fit
_AHEAD = 100  # states that are charged at a time, before the first of them is shown


@dataclass(frozen=True, eq=False)
class LiveRequest:
    """What a session works on.

    Attributes
    ----------
    dataset, model, runs : Path
        The data set, the model in use, and the folder that holds the runs.
    inbox : Inbox
        Where strokes come from.
    epsilon, delta : float
        Budget of all states of the session together.
    states : int
        How many it may show.
    residual : float
        Largest gradient of a state; fixed before any data is seen.
    counterfactual : int
        Composed cases per refined case.
    device : str
        Where features are computed: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    seed : int
        Of the draws; never of privacy noise.
    noise_seed : int or None
        Test mode: noise that can be repeated. No state is certified then.
    """

    dataset: Path
    model: Path
    runs: Path
    inbox: Inbox
    epsilon: float = 1.0
    delta: float = 1e-5
    states: int = STATES
    residual: float = RESIDUAL
    counterfactual: int = 8
    device: str = "auto"
    seed: int = 0
    noise_seed: int | None = None


@dataclass(frozen=True, eq=False)
class LiveState(Preview):
    """A state, as it is shown: the prediction of the case in hand, and what it is worth.

    Attributes
    ----------
    generation : int
        The last stroke that it knows; 0 before the first.
    state, states : int
        Which state it is, and how many may be shown.
    record : Certificate
        Its certificate.
    release : Release
        All that is needed to keep it.
    dice : float
        Of lesion against background at the drawn pixels of refined cases.
    passes : int
        Passes over all pixels that it took.
    due : int
        Composed cases that are still missing, because the stroke had a part in them.
    seconds : float
        From the end of the stroke to here.
    """

    generation: int
    state: int
    states: int
    record: Certificate
    release: Release
    dice: float
    passes: int
    due: int
    seconds: float


@guarded
def events(request: LiveRequest, token: Token) -> Iterator[Event]:
    """Answer strokes until the inbox is closed.

    Parameters
    ----------
    request : LiveRequest
        What to work on.
    token : Token
        To end it.

    Yields
    ------
    Event
        Progress while the session gets ready, a `LiveState` for every state, and `Done` with their number.
    """
    session = _Session(request, token)
    try:
        yield from session.prepare()
        yield from session.answer()
        yield Done(session.shown)
    finally:
        session.settle_account()


@dataclass(eq=False)
class _Session:
    request: LiveRequest
    token: Token
    shown: int = 0
    _name: str = field(default_factory=lambda: secrets.token_hex(8))
    _charged: int = 0
    _generation: int = 0
    _case: Case | None = None
    _since: float = 0.0
    _last: LiveState | None = None

    def prepare(self) -> Iterator[Event]:
        """Read all cases, and fit from zero."""
        import numpy as np

        from napari_unlearn.jobs.certify import earlier_attempts, require_admissible
        from napari_unlearn.jobs.live_records import OPERATOR, Records, state_mu
        from napari_unlearn.models.checkpoint import WEIGHTS, load_segmenter
        from napari_unlearn.models.device import find_device
        from napari_unlearn.models.segmenter import HeadSegmenter
        from napari_unlearn.operators.live.retain_state import RetainState
        from napari_unlearn.operators.live.solver import Solver
        from napari_unlearn.operators.registry import info
        from napari_unlearn.operators.withdrawal import still_given
        from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise

        request = self.request
        dataset = open_dataset(request.dataset)
        yield Progress(0, 0, "Loading the model")
        segmenter = load_segmenter(request.model, find_device(request.device))
        if not isinstance(segmenter, HeadSegmenter):
            raise UserError("Live needs a model with a head on a frozen encoder, but the model in use is a U-Net.")
        if len(segmenter.card.classes) != len(dataset.classes):
            raise UserError(
                f"{request.model} knows {len(segmenter.card.classes)} classes, but {request.dataset} has "
                f"{len(dataset.classes)}; choose the data set the model was made for."
            )
        operator = info(OPERATOR)
        require_admissible(segmenter, operator)
        self._settings = operator.settings(residual=request.residual)  # type: ignore[call-arg]
        self._mu = state_mu(request.epsilon, request.delta, request.states)
        self._model_in = sha256_file(request.model / WEIGHTS)
        self._earlier = earlier_attempts(request.runs, self._model_in)
        self._noise = OperatingSystemNoise() if request.noise_seed is None else SeededNoise(request.noise_seed)
        self._records = Records()
        self._state: RetainState = RetainState(segmenter, self._settings, request.counterfactual, request.seed)
        clock = Clock()
        everybody = dataset.split(training_split(dataset))
        included = taking_part(dataset.root, everybody)
        cases = still_given(included, segmenter.card.withdrawn)
        self._taking_part = {case.id for case in cases}
        left_out = {"left_out_cases": len(included) - len(cases), "excluded_cases": len(everybody) - len(included)}
        self._left_out = {name: number for name, number in left_out.items() if number}
        for step in self._state.read(cases):
            yield Progress(step.done, step.total, step.message, clock.remaining(step.done, step.total))
        self._solver: Solver = Solver(self._state.objective, _ROUGH, np.random.default_rng(request.seed))
        self._state.objective.measure(self.token.checkpoint)
        for fit in self._solver.settle(request.residual, _FIRST_PASSES, self.token.checkpoint):
            yield Progress(0, 0, f"Fitting the head (gradient {fit.residual:.0e})")
        yield Progress(0, 0, "Measuring the curvature")
        self._solver.refresh(self.token.checkpoint)

    def answer(self) -> Iterator[Event]:
        """Answer what comes; while nothing comes, do what is due."""
        from napari_unlearn.operators.live.objective import Overtaken

        inbox = self.request.inbox
        # Nobody has to brush to see what the masks are worth so far.
        fresh = True
        while not inbox.closed:
            mail = inbox.take(0 if fresh or self._state.due or self._solver.aged else _PATIENCE)
            self.token.checkpoint()
            if mail is not None:
                fresh = self._read(mail) or fresh
                if mail.look is not None and not fresh and self._last is not None:
                    yield self._again()
                    continue
            try:
                if fresh:
                    yield self._fit()
                    fresh = False
                elif self._solver.crowded:
                    # Somebody brushes without a pause; what is put off would make every answer slower than the last.
                    self._solver.rejuvenate(self.token.checkpoint)
                elif self._state.due:
                    self._since = time.monotonic()
                    while self._state.due:
                        self._state.compose_due(self._check)
                    fresh = True
                elif self._solver.aged:
                    self._solver.rejuvenate(self._check)
            except Overtaken:
                # What was composed so far counts, and a fit goes on from where it is.
                fresh = True

    def settle_account(self) -> None:
        """Charge what was really shown."""
        if self._charged:
            enter(self.request.runs, self._model_in, self._name, self._mu, self.shown)

    def _charge_ahead(self) -> None:
        from napari_unlearn.jobs.certify import earlier_attempts

        if self._noise.certifies and self.shown == self._charged:
            self._charged = min(self.shown + _AHEAD, self.request.states)
            enter(self.request.runs, self._model_in, self._name, self._mu, self._charged)
            # Another window may have shown states since, or a command may have made a run.
            self._earlier = earlier_attempts(self.request.runs, self._model_in, self._name)

    def _read(self, mail: Mail) -> bool:
        for stroke in mail.strokes:
            if stroke.case.id in self._taking_part:
                self._state.stroke(stroke.case, stroke.fine)
        if mail.strokes:
            self._since = mail.strokes[-1].ended
        if mail.look is not None:
            self._case = mail.look
        self._generation = mail.generation
        return bool(mail.strokes)

    def _check(self) -> None:
        from napari_unlearn.operators.live.objective import Overtaken

        self.token.checkpoint()
        if self.request.inbox.waiting:
            raise Overtaken

    def _fit(self) -> LiveState:
        request = self.request
        if self.shown >= request.states:
            raise UserError(
                f"This session has shown the {request.states} states that its budget was divided among; keep the model "
                "or switch Live off."
            )
        since = self._since or time.monotonic()
        passes = 0
        for step in self._solver.settle(request.residual, _PASSES, self._check):
            passes = step.passes
        self._charge_ahead()
        release = self._release()
        record = self._records.record(release)
        self.shown += 1
        self._since = 0.0
        case_id, prediction = self._predict(release)
        self._last = LiveState(
            case_id,
            prediction,
            self._generation,
            self.shown,
            request.states,
            record,
            release,
            self._state.refined_dice(release.revision.weights),
            passes,
            len(self._state.due),
            time.monotonic() - since,
        )
        return self._last

    def _release(self) -> Release:
        from napari_unlearn.jobs.live_records import Release
        from napari_unlearn.operators.protocol import Budget, Revision
        from napari_unlearn.privacy import gaussian_dp

        request, strength = self.request, self._settings.strength
        sensitivity = 2 * request.residual / strength
        sigma = sensitivity / self._mu
        head = self._state.objective.weights.numpy()
        numbers = {
            "residual_bound": request.residual,
            "strong_convexity": strength,
            "sensitivity": sensitivity,
            "sigma": sigma,
        }
        revision = Revision(
            head + self._noise.gaussian(head.shape, sigma),
            "residual",
            numbers,
            noise=self._noise.description,
            noise_certifies=self._noise.certifies,
        )
        settings: dict[str, Any] = dataclasses.asdict(self._settings)
        return Release(
            self._state.segmenter,
            request.model,
            self._model_in,
            revision,
            self._state.collected(),
            Budget(gaussian_dp.epsilon(self._mu, request.delta), request.delta),
            {
                **settings,
                "counterfactual": request.counterfactual,
                "live_states": request.states,
                **self._left_out,
            },
            (*self._earlier, *(self._mu,) * self.shown),
        )

    def _predict(self, release: Release) -> tuple[str, Any]:
        import numpy as np

        from napari_unlearn.models.segmenter import mask_of

        if self._case is None:
            return "", np.zeros((0, 0), np.uint8)
        levels, shape = self._state.levels(self._case)
        logits = release.revised.head.logits([level[None] for level in levels])[0]
        return self._case.id, mask_of(logits, shape)

    def _again(self) -> LiveState:
        """The last state, on another case: nothing new is released."""
        assert self._last is not None
        case_id, prediction = self._predict(self._last.release)
        return dataclasses.replace(self._last, case_id=case_id, prediction=prediction)
