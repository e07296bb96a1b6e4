"""Keeping a state; what is written is tested with the session that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from napari_unlearn.jobs import live_keep
from napari_unlearn.jobs.events import Failed
from napari_unlearn.jobs.token import Token


def test_a_state_is_never_kept_over_something_else(tmp_path: Path) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            if name == "release":
                return self
            raise AssertionError(name)

    taken = tmp_path / "run"
    taken.mkdir()
    (taken / "notes.txt").write_text("mine")
    *_, last = live_keep.events(live_keep.KeepRequest(cast(Any, Untouchable()), taken), Token())
    assert isinstance(last, Failed)
    assert str(taken) in last.sentence
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "notes.txt"]
