from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.project import session
from napari_unlearn.project.history import MODEL, Step
from napari_unlearn.project.remembered import Remembered
from napari_unlearn.project.store import Store


@pytest.fixture
def store(dataset: Dataset) -> Store:
    return Store(dataset.root)


def test_what_is_remembered_is_on_disk(store: Store, tmp_path: Path) -> None:
    remembered = Remembered(tmp_path, store, None)
    remembered.use((str(tmp_path), None))
    assert session.load(tmp_path).model == tmp_path
    remembered.begin("a")
    store.close()
    assert session.load(tmp_path).in_progress == {"a"}


def test_a_read_only_project_remembers_for_itself(store: Store, tmp_path: Path) -> None:
    store.access.refusal = "It is open elsewhere."
    remembered = Remembered(tmp_path, store, None)
    remembered.use((str(tmp_path), None))
    assert remembered.models == (str(tmp_path), None)
    assert not (tmp_path / session.FILE_NAME).exists()
    store.close()


def test_a_change_of_model_is_undone_only_where_it_still_stands(store: Store, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    discarding = Step("discard model", MODEL, models=((str(new), str(old)), (str(old), None)))
    remembered = Remembered(tmp_path, store, old)
    assert remembered.other_end(discarding, back=True) == ((str(new), str(old)), "")
    remembered.use((str(new), None))
    assert "another one since" in remembered.other_end(discarding, back=True)[1]
    new.rmdir()
    assert f"{new} is no longer there" in remembered.other_end(discarding, back=True)[1]
    store.close()
