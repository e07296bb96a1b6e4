from __future__ import annotations

from dataclasses import replace

import pytest

from napari_unlearn.jobs.state import JobState
from napari_unlearn.plugin.enabling import RULES, Facts, blocker, enabled, live_blocker
from napari_unlearn.plugin.shortcuts import TABLES
from napari_unlearn.plugin.texts import TEXTS

READY = Facts(dataset=True, case=True, model=True, refined=1)


def test_unlearning_needs_data_a_model_and_a_refined_case() -> None:
    assert enabled(READY)["unlearn"]
    for missing in (Facts(), Facts(dataset=True, case=True), Facts(dataset=True, case=True, model=True)):
        assert not enabled(missing)["unlearn"]
        assert "step" in blocker(missing)


@pytest.mark.parametrize("state", [state for state in JobState if state.busy])
def test_while_a_job_runs_only_looking_and_brushing_go_on(state: JobState) -> None:
    facts = Facts(state, dataset=True, case=True, model=True, refined=1, revised=True)
    allowed = {name for name, value in enabled(facts).items() if value}
    assert "unlearn" not in allowed
    assert not allowed & {"open_folder", "open_sample", "train_model", "export", "report", "discard", "operator"}
    assert {"tool_trim", "next_case"} <= allowed
    assert ("cancel" in allowed) == (state is not JobState.CANCELLING)


def test_a_budget_is_asked_for_only_where_it_is_spent() -> None:
    assert not enabled(READY)["epsilon"]
    assert enabled(Facts(dataset=True, case=True, model=True, refined=1, budget=True))["epsilon"]


def test_a_plan_needs_a_budget_fine_masks_and_something_that_can_be_tried_beforehand() -> None:
    ready = replace(READY, budget=True)
    assert enabled(ready)["plan"]
    for changed in ({"budget": False}, {"unplannable": "It is a U-Net."}, {"refined": 0, "keep_coarse": True}):
        assert not enabled(replace(ready, **changed))["plan"]


def test_where_whole_cases_are_forgotten_and_coarse_masks_kept_no_fine_mask_is_needed() -> None:
    coarse = replace(READY, refined=0, keep_coarse=True)
    assert enabled(coarse)["unlearn"]
    assert not enabled(replace(coarse, keep_coarse=False))["unlearn"]
    assert not enabled(coarse)["live"]
    assert "Refine at least one case" in live_blocker(coarse)


def test_the_tables_speak_of_the_same_things() -> None:
    assert set(RULES) <= set(TEXTS)
    for name, written in [entry for table in TABLES.values() for entry in table.values()]:
        assert written
        assert name in TEXTS or name in {"blink", "toggle_artefacts"}


def test_live_needs_what_unlearning_needs_and_a_head_and_can_always_be_switched_off() -> None:
    assert enabled(READY)["live"]
    assert not enabled(replace(READY, head=False))["live"]
    assert "U-Net" in live_blocker(replace(READY, head=False))
    assert not enabled(replace(READY, refined=0))["live"]
    assert enabled(replace(READY, live=True, state=JobState.RUNNING))["live"]
    assert not enabled(replace(READY, live=True))["live_keep"]
    assert enabled(replace(READY, live=True, live_state=True))["live_keep"]


def test_a_job_can_be_held_while_it_runs_and_stopped_once_it_has_something_to_keep() -> None:
    running = replace(READY, state=JobState.RUNNING)
    assert enabled(running)["pause"]
    assert enabled(replace(running, state=JobState.PAUSED))["pause"]
    assert not enabled(READY)["pause"]
    assert not enabled(running)["stop"]
    assert enabled(replace(running, keep=True))["stop"]
    for late in (replace(running, keep=True, stopping=True), replace(READY, state=JobState.CANCELLING, keep=True)):
        assert not enabled(late)["stop"]
        assert not enabled(late)["pause"]
