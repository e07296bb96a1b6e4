from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import SURROUNDINGS, Suggestion, Told
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done, Event, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin import suggesting
from napari_unlearn.plugin.suggesting import next_case
from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus


def case(name: str, diagnosis: str, refined: bool = False, **metadata: str) -> Case:
    fine = Path(f"{name}.png") if refined else None
    return Case(name, Path(f"{name}.jpg"), fine_path=fine, diagnosis=diagnosis, metadata=metadata)


CASES = [
    case("a", "malignant", refined=True, ruler="1", site="x"),
    case("b", "benign", refined=True, ruler="0", site="y"),
    case("c", "benign", refined=True, ruler="0", site="y"),
    case("d", "malignant", ruler="1", site="y"),
    case("e", "malignant", ruler="0", site="x"),
]


def test_the_next_case_breaks_what_goes_with_the_diagnosis() -> None:
    assert next_case(CASES, ("ruler",)).case.id == "e"
    assert "ruler" in next_case(CASES, ("ruler",)).reason


def test_all_columns_that_sort_into_kinds_count_unless_some_are_chosen() -> None:
    assert next_case(CASES, None) == next_case(CASES, ("ruler", "site"))
    assert next_case(CASES, ("site",)).case.id == "d"


def test_what_surrounds_the_lesions_is_one_more_column() -> None:
    alike = [replace(each, metadata={}) for each in CASES]
    likes = {"a": "malignant", "b": "benign", "c": "benign", "d": "malignant", "e": "benign"}
    told = {name: Told(like, 0.0) for name, like in likes.items()}
    found = next_case(alike, None, told)
    assert found.case.id == "e"
    assert found.reason == "Its surroundings look like those of benign cases, but it is malignant."


def test_nothing_left_is_a_sentence() -> None:
    with pytest.raises(UserError, match="left to refine"):
        next_case([replace(each, fine_path=Path("x.png")) for each in CASES], None)


@pytest.fixture
def ready(bare_dock: UnlearnWidget) -> UnlearnWidget:
    bare_dock.controller.perform("go_refine")
    return bare_dock


def suggest(dock: UnlearnWidget, qtbot: Any) -> str:
    dock.controller.perform("suggest_next")
    qtbot.waitUntil(lambda: not dock.controller.desk.suggesting.task.state.busy, timeout=60_000)
    return dock.controller.bench.project.case.id


def reason(dock: UnlearnWidget) -> str:
    return dock.findChild(object, "suggest_reason").text()


def test_the_suggested_case_comes_with_its_reason_and_the_next_one_without(ready: UnlearnWidget, qtbot: Any) -> None:
    project = ready.controller.bench.project
    here = project.case.id
    there = suggest(ready, qtbot)
    assert there != here
    assert project.status(there) is CaseStatus.UNREFINED
    assert ready.controller.desk.suggesting._found.reason.lower() in reason(ready).lower()
    ready.controller.perform("previous_case")
    assert reason(ready) == ""


def test_asking_again_goes_through_all_unrefined_cases_and_begins_again(ready: UnlearnWidget, qtbot: Any) -> None:
    project = ready.controller.bench.project
    free = [c.id for c in project.dataset.split("train") if project.status(c.id) is CaseStatus.UNREFINED]
    here = project.case.id
    assert here in free
    seen = [suggest(ready, qtbot) for _ in range(len(free) - 1)]
    assert sorted(seen) == sorted(set(free) - {here})
    assert suggest(ready, qtbot) in set(free) - {seen[-1]}


def test_columns_that_were_switched_off_do_not_count(
    ready: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str] | None] = []

    def note(cases: Sequence[Case], columns: Sequence[str] | None) -> Suggestion:
        asked.append(columns)
        return Suggestion(cases[-1], "Because.")

    monkeypatch.setattr(suggesting, "next_case", note)
    suggest(ready, qtbot)
    ready.refine.suggest.columns_wanted.emit()
    first, *others = ready.refine.suggest._known
    ready.refine.suggest._menu.actions()[0].trigger()
    suggest(ready, qtbot)
    assert asked == [None, tuple(others)]
    assert first


def test_what_cannot_be_suggested_is_said(ready: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project = ready.controller.bench.project
    whole = project.dataset
    project.dataset = replace(whole, cases=tuple(replace(each, diagnosis=None) for each in whole.cases))
    here = project.case.id
    assert suggest(ready, qtbot) == here
    assert "nothing to suggest" in ready.messages.shown[-1][1]


def test_whoever_has_gone_on_while_the_table_is_looked_at_stays_there(
    ready: UnlearnWidget, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, may_end = ready.controller.bench, threading.Event()

    def slow(cases: Sequence[Case], columns: Sequence[str] | None) -> Suggestion:
        may_end.wait(60)
        return Suggestion(cases[-1], "Because.")

    monkeypatch.setattr(suggesting, "next_case", slow)
    ready.controller.perform("suggest_next")
    ready.controller.perform("next_case")
    here = bench.project.case.id
    may_end.set()
    qtbot.waitUntil(lambda: not ready.controller.desk.suggesting.task.state.busy, timeout=60_000)
    assert bench.project.case.id == here


def test_without_a_training_split_the_menu_says_so(ready: UnlearnWidget) -> None:
    project = ready.controller.bench.project
    whole = project.dataset
    project.dataset = replace(whole, cases=tuple(replace(each, split="test") for each in whole.cases))
    ready.refine.suggest.columns_wanted.emit()
    level, sentence = ready.messages.shown[-1]
    assert level == "error"
    assert "no split named train" in sentence


class Looking:
    """A job that has looked at two of four images and goes on when it may, or fails then."""

    def __init__(self, told: dict[str, Told]) -> None:
        self.requests: list[object] = []
        self.go_on = False
        self.failure = ""
        self._told = told

    def events(self, request: object, token: Token) -> Iterator[Event]:
        self.requests.append(request)
        while not self.go_on:
            yield Progress(2, 4, "Looking around the lesions", 3.0)
            time.sleep(0.001)
        if self.failure:
            raise UserError(self.failure)
        yield Done(self._told)


@pytest.fixture
def looking(open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> Looking:
    open_dock.controller.perform("go_refine")
    fake = Looking(
        {case.id: Told(case.diagnosis or "", -1.0) for case in open_dock.controller.bench.project.dataset.cases}
    )
    monkeypatch.setattr(suggesting.surroundings, "events", guarded(fake.events))
    return fake


def press_and_look(dock: UnlearnWidget, qtbot: Any) -> str:
    """Press the button, and wait until it says how far it has looked."""
    dock.controller.perform("suggest_next")
    row = dock.refine.suggest
    qtbot.waitUntil(lambda: "2 of 4" in row._looked._label.text(), timeout=60_000)
    assert not row._looking.isHidden()
    return str(dock.controller.bench.project.case.id)


def finish(dock: UnlearnWidget, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not dock.controller.desk.suggesting.task.state.busy, timeout=60_000)
    assert dock.refine.suggest._looking.isHidden()


def test_with_a_model_the_images_are_looked_at_once_and_whoever_has_gone_on_stays_there(
    open_dock: UnlearnWidget, looking: Looking, qtbot: Any
) -> None:
    project = open_dock.controller.bench.project
    press_and_look(open_dock, qtbot)
    open_dock.controller.perform("next_case")
    here = project.case.id
    looking.go_on = True
    finish(open_dock, qtbot)
    assert project.case.id == here
    assert "looked at" in open_dock.messages.shown[-1][1]
    open_dock.messages._act.click()
    finish(open_dock, qtbot)
    there = project.case.id
    assert there != here
    assert reason(open_dock).startswith("Suggested: ")
    assert suggest(open_dock, qtbot) != there
    assert len(looking.requests) == 1


def test_what_another_model_saw_is_not_used_once_looking_with_this_one_was_cancelled(
    open_dock: UnlearnWidget, looking: Looking, qtbot: Any
) -> None:
    looking.go_on = True
    suggest(open_dock, qtbot)
    open_dock.controller.desk.suggesting._told_by = Path("another model")
    looking.go_on = False
    press_and_look(open_dock, qtbot)
    open_dock.controller.perform("suggest_cancel")
    finish(open_dock, qtbot)
    *_, around = open_dock.refine.suggest._menu.actions()
    around.trigger()
    looking.go_on = True
    suggest(open_dock, qtbot)
    assert len(looking.requests) == 3


def test_what_another_model_saw_is_not_used_for_a_revision_of_this_one(
    open_dock: UnlearnWidget, looking: Looking, qtbot: Any
) -> None:
    bench = open_dock.controller.bench
    looking.go_on = True
    suggest(open_dock, qtbot)
    bench.project._remembered.use((str(bench.project.model), str(bench.project.model)))
    suggest(open_dock, qtbot)
    assert len(looking.requests) == 1
    open_dock.controller.desk.suggesting._told_by = Path("another model")
    suggest(open_dock, qtbot)
    assert len(looking.requests) == 2


def test_without_what_surrounds_the_lesions_the_table_decides(
    open_dock: UnlearnWidget, looking: Looking, qtbot: Any
) -> None:
    project, row = open_dock.controller.bench.project, open_dock.refine.suggest
    here = press_and_look(open_dock, qtbot)
    open_dock.controller.perform("suggest_next")  # pressed again while it looks
    open_dock.controller.perform("suggest_cancel")
    finish(open_dock, qtbot)
    assert project.case.id == here
    assert "table alone" in open_dock.messages.shown[-1][1]
    assert not row.surroundings
    assert row.chosen
    assert SURROUNDINGS not in row.chosen
    assert suggest(open_dock, qtbot) != here
    assert len(looking.requests) == 1
    *_, around = row._menu.actions()
    around.trigger()
    looking.go_on, looking.failure = True, "c7.png is damaged; restore it."
    here = suggest(open_dock, qtbot)
    assert project.case.id == here
    assert open_dock.messages.shown[-1] == ("error", "c7.png is damaged; restore it.")
    assert not row.surroundings
