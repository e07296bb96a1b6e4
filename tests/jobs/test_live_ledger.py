from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.jobs import live_ledger
from napari_unlearn.jobs.live_ledger import LEDGER, alone, enter, live_costs


def test_a_session_is_charged_with_every_state_and_only_to_its_model(tmp_path: Path) -> None:
    assert live_costs(tmp_path, "a") == ()
    enter(tmp_path, "a", "first", 0.5, 3)
    enter(tmp_path, "b", "second", 0.25, 1)
    enter(tmp_path, "a", "third", 0.125, 1)
    assert live_costs(tmp_path, "a") == (0.5, 0.5, 0.5, 0.125)
    assert live_costs(tmp_path, "b") == (0.25,)


def test_what_was_charged_at_first_is_replaced_at_the_end(tmp_path: Path) -> None:
    enter(tmp_path, "a", "first", 0.5, 100)
    enter(tmp_path, "a", "first", 0.5, 2)
    assert live_costs(tmp_path, "a") == (0.5, 0.5)
    enter(tmp_path, "a", "first", 0.5, 0)
    assert live_costs(tmp_path, "a") == ()


def test_sessions_that_enter_at_once_do_not_lose_each_others_states(tmp_path: Path) -> None:
    def work(session: int) -> None:
        for states in range(1, 6):
            enter(tmp_path, "a", f"session {session}", 0.5, states)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(live_costs(tmp_path, "a")) == 4 * 5
    assert len(live_costs(tmp_path, "a", "session 2")) == 3 * 5
    assert [path.name for path in tmp_path.iterdir()] == [LEDGER]


def test_a_process_that_ended_while_it_changed_the_ledger_does_not_block_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_ledger, "_LONGEST", 0.05)
    (tmp_path / "live-states.lock").touch()
    enter(tmp_path, "a", "first", 0.5, 1)
    assert live_costs(tmp_path, "a") == (0.5,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"x": {}}',
        '{"x": {"model_in": "a", "mu": "?", "states": 1}}',
        '{"x": {"model_in": "a", "mu": NaN, "states": 1}}',
        '{"x": {"model_in": "a", "mu": -1, "states": 1}}',
        '{"x": {"model_in": "a", "mu": 1e999, "states": 1}}',
        '{"x": {"model_in": "a", "mu": 1, "states": 1e18}}',
        '{"x": {"model_in": "a", "mu": 1, "states": 1e999}}',
        '{"x": {"model_in": "a", "mu": 1' + "0" * 400 + ', "states": 1}}',
    ],
)
def test_a_damaged_ledger_is_an_error_and_not_a_clean_slate(tmp_path: Path, text: str) -> None:
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(UserError, match="is damaged"):
        live_costs(tmp_path, "a")


def test_whoever_is_kept_waiting_for_too_long_is_told_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_ledger, "_LONGEST", 0.05)
    with (
        alone(tmp_path),
        pytest.raises(UserError, match=f"written by process {os.getpid()} on .*delete .*live-states.lock"),
    ):
        enter(tmp_path, "a", "first", 0.5, 1)
    enter(tmp_path, "a", "first", 0.5, 1)
    assert live_costs(tmp_path, "a") == (0.5,)
