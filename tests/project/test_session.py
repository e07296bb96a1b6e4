from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.project import session


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    kept = session.Session(frozenset({"b", "a"}), tmp_path, None)
    session.save(tmp_path, kept)
    assert session.load(tmp_path) == kept


def test_a_model_that_was_moved_is_forgotten(tmp_path: Path) -> None:
    session.save(tmp_path, session.Session(model=tmp_path / "gone"))
    assert session.load(tmp_path).model is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"in_progress": 3}', '{"in_progress": [], "model": 3}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / session.FILE_NAME).write_text(text)
    with pytest.raises(UserError, match=r"project\.json"):
        session.load(tmp_path)


@pytest.mark.parametrize("name", ["x" * 5000, "\0", "a\nb"])
def test_a_model_that_no_system_could_hold_is_forgotten(tmp_path: Path, name: str) -> None:
    record = {"in_progress": [], "model": name, "previous": name}
    (tmp_path / session.FILE_NAME).write_text(json.dumps(record))
    assert session.load(tmp_path) == session.Session()
