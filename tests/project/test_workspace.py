from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.project.workspace import sample_workspace


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    for part in ("dataset", "model"):
        (folder / part).mkdir(parents=True)
        (folder / part / "file").write_text("shipped")
        (folder / part / "file").chmod(0o444)
    return folder


def test_the_copy_is_writable_and_kept(shipped: Path, tmp_path: Path) -> None:
    first = sample_workspace(shipped, tmp_path / "copy")
    (first.dataset / "file").write_text("mine")
    again = sample_workspace(shipped, tmp_path / "copy")
    assert again == first
    assert (again.dataset / "file").read_text() == "mine"
    assert (shipped / "dataset" / "file").read_text() == "shipped"
    assert again.model == tmp_path / "copy" / "model"


def test_a_copy_that_fails_leaves_nothing(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copytree", full)
    with pytest.raises(UserError, match="No space left"):
        sample_workspace(shipped, tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shipped"]
