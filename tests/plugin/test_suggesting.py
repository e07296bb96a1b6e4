from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import Suggestion
from napari_unlearn.errors import UserError
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


def test_nothing_left_is_a_sentence() -> None:
    with pytest.raises(UserError, match="left to refine"):
        next_case([replace(each, fine_path=Path("x.png")) for each in CASES], None)


@pytest.fixture
def ready(bare_dock: UnlearnWidget) -> UnlearnWidget:
    bare_dock.controller.perform("go_refine")
    return bare_dock


def suggest(dock: UnlearnWidget, qtbot: Any) -> str:
    dock.controller.perform("suggest_next")
    qtbot.waitUntil(lambda: not dock.controller.desk.suggesting.task.state.busy, timeout=10_000)
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
