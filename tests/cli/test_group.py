"""However a command ends, it ends in a sentence, unless nobody knows what went wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError

KNOWN = {
    "memory": (MemoryError(), "ran out of memory"),
    "disk": (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "/a/b cannot be written: the disk is full."),
    "file": (FileNotFoundError(2, "No such file or directory", "/a/b"), "/a/b"),
    "user": (UserError("There is no run at /a/b; choose another."), "There is no run at /a/b; choose another."),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_understood_is_a_sentence(
    name: str, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error, said = KNOWN[name]
    monkeypatch.setattr("napari_unlearn.export.export_model", raising(error))
    assert said in refused("export", tmp_path, "--out", tmp_path / "out")


def test_a_surprise_keeps_its_traceback(
    type_: Callable[..., object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("napari_unlearn.export.export_model", raising(KeyError("odd")))
    result = type_("export", tmp_path, "--out", tmp_path / "out")
    assert isinstance(result.exception, KeyError)  # type: ignore[attr-defined]


def raising(error: Exception) -> Callable[..., object]:
    def fail(*_: object) -> object:
        raise error

    return fail
