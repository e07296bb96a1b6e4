"""Looking at the weights of a run on its way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation import watched_pixels
from napari_unlearn.jobs import trajectory as module
from napari_unlearn.jobs.events import Event, Metric, Note, Progress, Reference
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE, ORIGINAL, RETRAINED, Sight, Trajectory
from napari_unlearn.jobs.unlearn import UnlearnRequest, events
from napari_unlearn.operators.protocol import Revision, Step


class Watch:
    """A clock that a look moves by one second, and a step by `pace`."""

    def __init__(self) -> None:
        self.time = 0.0

    def look(self, weights: Any) -> Any:
        self.time += 1
        value = float(weights.sum())
        measured = SimpleNamespace(value=value, low=value - 1, high=value + 1)
        return SimpleNamespace(dice=measured, leakage=measured, by_chance=0.25)

    def prepare(self) -> Iterator[Event | Sight]:
        yield Progress(0, 1, "Reading")
        yield Sight(self.look, "On these cases.")


@pytest.fixture
def watch() -> Watch:
    return Watch()


def drawn(watch: Watch, pace: float, steps: int, **end: Any) -> list[Event]:
    """Events of a run of so many steps, each of `pace` seconds."""
    course = Trajectory(watch.prepare, np.zeros(2), lambda: watch.time)
    told: list[Event] = []
    for done in range(1, steps + 1):
        watch.time += pace
        told += course.step(Step(done, steps, "", weights=np.full(2, done / 2)))
    return told + list(course.end(Revision(np.full(2, 50.0), **end)))


def steps_of(told: list[Event], name: str = LEAKAGE) -> list[int]:
    return [event.step for event in told if isinstance(event, Metric) and event.name == name]


def test_the_model_in_use_comes_first_and_every_look_has_its_band(watch: Watch) -> None:
    told = drawn(watch, 1000.0, 3)
    assert told[0] == Progress(0, 1, "Reading")
    assert told[1:3] == [Reference(name, ORIGINAL, 0, -1, 1, "On these cases.") for name in (DICE, LEAKAGE)]
    assert told[3:6] == [Metric(DICE, 1, 1, 0, 2), Metric(LEAKAGE, 1, 1, 0, 2), Metric(BY_CHANCE, 1, 0.25)]
    assert steps_of(told) == [1, 2, 3, 4]  # the result may be another state than the last step


def test_looking_takes_a_small_share_of_the_time_however_fast_the_steps_are(watch: Watch) -> None:
    slow, fast = drawn(watch, 100.0, 40), drawn(watch, 0.01, 40)
    assert steps_of(fast) == [1, 40]
    assert len(steps_of(slow)) > 30
    for pace in (0.5, 3.0, 20.0):
        before = watch.time
        told = drawn(watch, pace, 300)
        spent = len(steps_of(told)) + 1  # and the model in use
        stepping = watch.time - before - spent
        assert 3 <= spent <= 3 + module.HEAD_START + module.SHARE * (stepping + spent)


def test_looks_are_spread_over_a_short_run(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 5.0)
    looked = steps_of(drawn(watch, 0.0, 100))
    assert looked == [1, 40, 59, 79, 98, 100]  # a look takes a fifth of what there is for all of them


def test_the_same_recipe_from_the_public_start_is_the_retrained_model(watch: Watch) -> None:
    told = drawn(watch, 1.0, 2, reference=np.full(2, 4.0))
    assert [event for event in told if isinstance(event, Reference) and event.label == RETRAINED] == [
        Reference(name, RETRAINED, 8, 7, 9, "On these cases.") for name in (DICE, LEAKAGE)
    ]


def test_where_nothing_can_leak_the_curve_has_a_gap_and_no_level(watch: Watch) -> None:
    nothing = SimpleNamespace(value=math.nan, low=None, high=None)
    gone = SimpleNamespace(dice=None, leakage=nothing, by_chance=None)
    course = Trajectory(lambda: iter([Sight(lambda _: gone, "")]), np.zeros(2), lambda: watch.time)
    (point,) = course.step(Step(1, 1, "", weights=np.zeros(2)))
    assert isinstance(point, Metric)
    assert point.name == LEAKAGE
    assert math.isnan(point.value)


def test_steps_without_weights_and_weights_of_another_shape_are_passed_over(watch: Watch) -> None:
    course = Trajectory(watch.prepare, np.zeros(2), lambda: watch.time)
    told = [*course.step(Step(1, 2, "")), *course.step(Step(2, 2, "", weights=np.zeros(3)))]
    assert told == [] == list(course.end(Revision(np.zeros(2))))
    assert watch.time == 0


@pytest.fixture
def told(sample: Dataset, model: Any, tmp_path: Any) -> Callable[..., list[Event]]:
    """A function that returns the events of a run on the sample."""

    def make(**changes: Any) -> list[Event]:
        request = UnlearnRequest(sample.root, model, tmp_path / "run", device="cpu", settings={"pixels": 40})
        return list(events(dataclasses.replace(request, **changes), Token()))

    return make


def test_a_certified_run_shows_the_way_down_and_up_between_the_original_and_the_retrained_model(
    told: Callable[..., list[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 100.0)
    settings = {"pixels": 40, "steps": 4, "finetune": 30}
    found = told(operator="gradient-clipping", epsilon=1.0, settings=settings)
    levels = {(event.name, event.label): event for event in found if isinstance(event, Reference)}
    assert set(levels) == {(name, label) for name in (DICE, LEAKAGE) for label in (ORIGINAL, RETRAINED)}
    assert "20 cases of test_aligned, which teach nothing" in levels[DICE, ORIGINAL].about
    dice = {event.step: event for event in found if isinstance(event, Metric) and event.name == DICE}
    assert min(dice[step].value for step in (1, 2, 3, 4)) < levels[DICE, ORIGINAL].value - 0.1
    last = dice[max(dice)]
    assert last.low is not None
    assert last.high is not None
    assert last.low <= last.value <= last.high
    assert last.value > min(entry.value for entry in dice.values()) + 0.1
    assert abs(last.value - levels[DICE, RETRAINED].value) < 0.1


def test_a_broken_held_out_case_does_not_stop_a_run(
    told: Callable[..., list[Event]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise UserError("case_0012.png cannot be read.")

    monkeypatch.setattr(watched_pixels, "read_watched", broken)
    found = told()
    assert not [event for event in found if isinstance(event, Reference) or getattr(event, "name", "") == DICE]
    (note,) = (event for event in found if isinstance(event, Note))
    assert note.sentence == "Dice and leakage are not drawn while it runs: case_0012.png cannot be read."
    assert type(found[-1]).__name__ == "Done"
