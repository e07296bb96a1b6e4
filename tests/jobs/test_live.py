"""A live session, from strokes to states, without a window."""

from __future__ import annotations

import dataclasses
import json
import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.data.encode import write_mask
from napari_unlearn.files import sha256_bytes, sha256_file
from napari_unlearn.jobs import live, live_keep
from napari_unlearn.jobs.certify import earlier_attempts
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Progress
from napari_unlearn.jobs.live import LiveRequest, LiveState
from napari_unlearn.jobs.live_inbox import Inbox
from napari_unlearn.jobs.live_ledger import enter, live_costs
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter, predict_mask
from napari_unlearn.operators.catalogue.certified_head import ResidualHeadSettings
from napari_unlearn.operators.live.retain_state import RetainState
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.verification import check
from napari_unlearn.project.case_notes import CaseNotes
from napari_unlearn.project.runs import runs_folder


class Session:
    """A live session in a thread, as the window runs it."""

    def __init__(self, dataset: Dataset, model: Path, runs: Path, **options: Any) -> None:
        self.inbox, self.token, self.dataset = Inbox(), Token(), dataset
        self.request = LiveRequest(
            dataset.root, model, runs, self.inbox, device="cpu", **{"counterfactual": 1, "states": 100, **options}
        )
        self.events: queue.Queue[Event] = queue.Queue()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        for event in live.events(self.request, self.token):
            self.events.put(event)

    def next(self) -> Event:
        while isinstance(event := self.events.get(timeout=120), Progress):
            pass
        return event

    def state(self, generation: int = 0, due: int | None = None) -> LiveState:
        """The next state that knows the stroke `generation`."""
        while True:
            event = self.next()
            assert isinstance(event, LiveState), event
            if event.generation >= generation and due in (None, event.due):
                return event

    def stroke(self, place: int = 0, share: float = 0.5) -> int:
        case = [case for case in self.dataset.split("train") if case.is_refined][place]
        fine = case.fine()
        assert fine is not None
        rows, _ = np.nonzero(fine)
        fine[: int(np.quantile(rows, share))] = 0
        return self.inbox.stroke(case, fine)

    def end(self) -> Event:
        self.inbox.close()
        while isinstance(event := self.next(), LiveState):
            pass
        self.thread.join(60)
        return event


@pytest.fixture
def start(sample: Dataset, model: Path, tmp_path: Path) -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def begin(model: Path = model, dataset: Dataset = sample, **options: Any) -> Session:
        sessions.append(Session(dataset, model, tmp_path / "runs", **options))
        return sessions[-1]

    yield begin
    for session in sessions:
        session.inbox.close()
        session.token.cancel()
        session.thread.join(60)


def test_every_state_has_a_certificate_that_charges_all_states_before_it(start: Callable[..., Session]) -> None:
    session = start()
    states = [session.state()]
    for place in range(2):
        generation = session.stroke(place)
        states += [session.state(generation), session.state(generation, due=0)]
    session.end()
    one = gaussian_dp.mu(1.0, 1e-5) / 10
    for state in states:
        record = state.record
        assert check(record) == []
        assert record.tier == "certified"
        assert record.attempts == state.state
        assert record.mu == pytest.approx(one, rel=1e-9)
        assert record.epsilon == pytest.approx(gaussian_dp.epsilon(one * state.state**0.5, 1e-5), rel=1e-9)
        assert record.parameters["residual_bound"] == session.request.residual
        # What was reached, and how good the head is without its noise, the noise does not hide.
        assert "residual_reached" not in record.parameters
    assert [state.state for state in states] == sorted({state.state for state in states})
    assert len({state.record.hashes["model_out"] for state in states}) == len(states)
    assert states[1].record.hashes["retain_masks"] != states[0].record.hashes["retain_masks"]
    assert states[1].due > 0


def test_a_state_is_the_minimum_for_the_masks_of_the_moment_up_to_its_noise(
    start: Callable[..., Session], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    session = start()
    state = session.state(session.stroke(), due=0)
    case = sample.case(state.case_id)
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    fine = case.fine()
    assert fine is not None
    fine[: int(np.quantile(np.nonzero(fine)[0], 0.5))] = 0
    write_mask(root / "fine" / f"{case.id}.png", fine)
    segmenter = load_segmenter(model)
    assert isinstance(segmenter, HeadSegmenter)
    scratch = RetainState(segmenter, ResidualHeadSettings(), 1, session.request.seed)
    list(scratch.read(open_dataset(root).split("train")))
    import torch

    weights = state.release.revision.weights
    moved = scratch.objective.measure(step=torch.from_numpy(weights))
    sigma = state.record.parameters["sigma"]
    # The gradient at the released head is that of the noise: at most the largest curvature times its length.
    curvature = 0.5 * max(
        float((chunk.x.double() ** 2).sum(dim=1).max()) for _, chunk in scratch.objective.rows.chunks()
    )
    assert moved <= session.request.residual + 1.2 * curvature * sigma * weights.size**0.5
    assert np.array_equal(state.prediction, predict_mask(state.release.revised, case.image()))


def test_a_newer_stroke_overtakes_an_older_fit(start: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_unlearn.operators.live.objective import LiveObjective

    session = start()
    session.state()
    entered, go_on = threading.Event(), threading.Event()
    usual = LiveObjective.move

    def slow(self: LiveObjective, *arguments: Any) -> None:
        entered.set()
        go_on.wait(60)
        usual(self, *arguments)

    monkeypatch.setattr(LiveObjective, "move", slow)
    session.stroke(0, 0.3)
    assert entered.wait(60)
    last = session.stroke(0, 0.6)
    go_on.set()
    event = session.next()
    assert isinstance(event, LiveState)
    assert event.generation == last  # of the first stroke no state was ever shown


def test_strokes_on_two_cases_that_come_together_both_count(start: Callable[..., Session]) -> None:
    session = start()
    first = session.state()
    session.stroke(0)
    both = session.state(session.stroke(1), due=0)
    difference = both.record.hashes["forget_masks"]
    assert difference != first.record.hashes["forget_masks"]
    assert both.release.collected.forget_pixels > first.release.collected.forget_pixels
    session.end()
    alone = start()
    only = alone.state(alone.stroke(1), due=0)
    assert only.release.collected.forget_pixels < both.release.collected.forget_pixels


def test_cases_that_the_model_forgot_whole_stay_out_of_a_session_even_when_they_are_brushed(
    start: Callable[..., Session], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    segmenter = load_segmenter(model)
    card = dataclasses.replace(segmenter.card, withdrawn=(sha256_bytes(case.id.encode()),))
    save_segmenter(dataclasses.replace(segmenter, card=card), tmp_path / "revised")
    session = start()
    plain = session.state()
    session.end()
    session = start(model=tmp_path / "revised")
    first = session.state()
    assert first.release.collected.refined == plain.release.collected.refined - 1
    brushed = session.state(session.stroke(0), due=0)
    assert brushed.record.hashes["retain_masks"] == first.record.hashes["retain_masks"]


def test_excluded_cases_and_those_of_other_splits_stay_out_of_a_session_even_when_they_are_brushed(
    start: Callable[..., Session], sample: Dataset, tmp_path: Path
) -> None:
    session = start()
    plain = session.state()
    assert "excluded_cases" not in plain.record.parameters
    other = sample.split("test_aligned")[0]
    brushed = session.state(session.inbox.stroke(other, other.coarse()))
    assert brushed.record.hashes["retain_masks"] == plain.record.hashes["retain_masks"]
    session.end()
    dataset = open_dataset(Path(shutil.copytree(sample.root, tmp_path / "copy")))
    case = next(case for case in dataset.split("train") if case.is_refined)
    CaseNotes(runs_folder(dataset.root)).exclude(case.id, "blurred")
    session = start(dataset=dataset)
    first = session.state()
    assert first.release.collected.refined == plain.release.collected.refined - 1
    assert first.record.parameters["excluded_cases"] == 1
    brushed = session.state(session.stroke(0))
    assert brushed.record.hashes["retain_masks"] == first.record.hashes["retain_masks"]


def test_the_dice_of_a_state_is_that_of_its_head_with_noise(
    start: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(RetainState, "refined_dice", lambda _, weights: asked.append(weights) or 0.5)
    state = start().state()
    assert state.dice == 0.5
    np.testing.assert_array_equal(asked[-1], state.release.revision.weights)


def test_looking_at_another_case_shows_the_same_state_again(start: Callable[..., Session], sample: Dataset) -> None:
    session = start()
    state = session.state()
    other = sample.split("train")[-1]
    session.inbox.look(other)
    again = session.state()
    assert again.case_id == other.id
    assert again.state == state.state
    assert np.array_equal(again.prediction, predict_mask(state.release.revised, other.image()))


def test_a_kept_state_is_a_run_that_verifies_and_is_charged_once(
    start: Callable[..., Session], finish: Callable[..., Any], model: Path
) -> None:
    session = start()
    session.state()
    state = session.state(session.stroke(), due=0)
    session.end()
    out = session.request.runs / "kept"
    result = finish(live_keep.events(live_keep.KeepRequest(state, out), Token()))
    assert verify_run(out) == []
    certificate = json.loads((out / "certificate.json").read_text())
    assert certificate["attempts"] == state.state
    assert certificate["epsilon"] == pytest.approx(state.record.epsilon, rel=1e-9)
    assert certificate["tensors"] == state.record.to_dict()["tensors"]
    kept = load_segmenter(result.model)
    assert isinstance(kept, HeadSegmenter)
    assert np.array_equal(kept.head.weights, state.release.revision.weights)
    costs = earlier_attempts(session.request.runs, sha256_file(model / "model.safetensors"))
    assert len(costs) == state.state


def test_a_factor_that_is_crowded_takes_in_what_came_before_cases_are_composed_anew(
    start: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_unlearn.operators.live.solver import Solver

    done: list[str] = []
    rejuvenate, compose = Solver.rejuvenate, RetainState.compose_due
    monkeypatch.setattr(Solver, "rejuvenate", lambda *args: (done.append("fold"), rejuvenate(*args))[1])
    monkeypatch.setattr(RetainState, "compose_due", lambda *args: (done.append("compose"), compose(*args))[1])
    session = start()
    session.state()
    monkeypatch.setattr("napari_unlearn.operators.live.solver.CROWD", 0)
    done.clear()
    generation = session.stroke()
    session.state(generation, due=0)
    assert done[:2] == ["fold", "compose"]


def test_states_are_charged_before_they_are_shown_and_no_more_than_a_few_ahead(
    start: Callable[..., Session], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_AHEAD", 2)
    model_in = sha256_file(model / "model.safetensors")
    session = start(states=5)
    states = [session.state(), session.state(session.stroke(), due=0)]
    assert [state.state for state in states] == [1, 3]
    assert len(live_costs(session.request.runs, model_in)) == 4
    session.state(session.stroke(1))
    session.state(due=0)
    assert len(live_costs(session.request.runs, model_in)) == 5


def test_a_session_is_charged_in_full_until_it_ends_and_the_next_one_counts_it(
    start: Callable[..., Session], model: Path
) -> None:
    model_in = sha256_file(model / "model.safetensors")
    session = start()
    session.state()
    assert len(live_costs(session.request.runs, model_in)) == 100
    done = session.end()
    assert isinstance(done, Done)
    shown = done.result
    assert isinstance(shown, int)
    assert len(live_costs(session.request.runs, model_in)) == shown
    following = start()
    assert following.state().record.attempts == shown + 1


def test_states_of_another_window_count_as_soon_as_more_are_charged(
    start: Callable[..., Session], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_AHEAD", 1)
    session = start()
    assert session.state().record.attempts == 1
    enter(session.request.runs, sha256_file(model / "model.safetensors"), "another window", 0.01, 7)
    state = session.state(session.stroke())
    assert state.record.attempts == state.state + 7


def test_a_session_ends_when_its_states_are_used_up(start: Callable[..., Session]) -> None:
    session = start(states=1)
    session.state()
    session.stroke()
    event = session.next()
    assert isinstance(event, Failed)
    assert "1 states that its budget was divided among" in event.sentence


def test_noise_that_can_be_repeated_certifies_no_state(start: Callable[..., Session]) -> None:
    session = start(noise_seed=1)
    session.state()
    state = session.state(session.stroke())
    assert state.record.tier == "empirical"
    assert state.record.epsilon is None
    session.end()
    assert not (session.request.runs / "live-states.json").exists()


def test_cancelling_ends_a_session(start: Callable[..., Session]) -> None:
    session = start()
    session.state()
    session.token.cancel()
    assert isinstance(session.next(), Cancelled)


def test_a_unet_has_no_live_session(sample: Dataset, unet: Path, tmp_path: Path, failure: Callable[..., str]) -> None:
    assert "is a U-Net" in failure(live.events(LiveRequest(sample.root, unet, tmp_path, Inbox()), Token()))
