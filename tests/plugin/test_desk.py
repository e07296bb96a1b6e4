from __future__ import annotations

import pytest

from napari_unlearn.plugin.widget import UnlearnWidget
from napari_unlearn.project import CaseStatus


@pytest.fixture
def desk(bare_dock: UnlearnWidget) -> UnlearnWidget:
    return bare_dock


def here(dock: UnlearnWidget) -> str:
    return dock.controller.bench.project.case.id


def test_previous_and_next_follow_the_list_as_it_is_sorted_and_filtered(desk: UnlearnWidget) -> None:
    cases, controller = desk.data.cases, desk.controller
    cases._search.setText("malignant")
    cases._sort._columns.setCurrentText("Case")
    cases._sort._direction.setChecked(True)
    order = cases.listed
    assert list(order) == sorted(order, reverse=True)
    assert all(controller.bench.project.dataset.case(name).diagnosis == "malignant" for name in order)
    controller.bench.switching.go(order[2])
    controller.perform("next_case")
    assert here(desk) == order[3]
    controller.perform("previous_case")
    controller.perform("previous_case")
    assert here(desk) == order[1]


def test_from_a_case_that_is_not_listed_they_go_to_an_end_of_the_list(desk: UnlearnWidget) -> None:
    cases, controller = desk.data.cases, desk.controller
    cases._filter.setCurrentIndex(cases._filter.findData("refined"))
    assert here(desk) not in cases.listed
    controller.perform("next_case")
    assert here(desk) == cases.listed[0]
    cases._search.setText("nothing is called like this")
    before = here(desk)
    controller.perform("next_case")
    assert here(desk) == before
    assert "list shows no case" in desk.messages.shown[-1][1]


def test_the_next_unrefined_one_may_lie_outside_the_list_and_is_said_to_be_missing_at_last(
    desk: UnlearnWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, controller = desk.data.cases, desk.controller
    project = controller.bench.project
    cases._filter.setCurrentIndex(cases._filter.findData("refined"))
    controller.perform("next_unrefined")
    assert project.status(here(desk)) is CaseStatus.UNREFINED
    monkeypatch.setattr(project, "status", lambda case_id: CaseStatus.REFINED)
    before = here(desk)
    controller.perform("next_unrefined")
    assert here(desk) == before
    assert desk.messages.shown[-1][1] == "Every case has a fine mask."


def test_a_note_that_is_being_typed_is_kept_when_the_window_closes(desk: UnlearnWidget) -> None:
    project = desk.controller.bench.project
    desk.data.remarks._note.setText("half a thought")
    desk.controller.desk.stop()
    assert project.notes.of(here(desk)).note == "half a thought"
