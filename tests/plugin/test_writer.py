from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels

from napari_unlearn.data.decode import read_mask
from napari_unlearn.errors import UserError
from napari_unlearn.plugin import writer
from napari_unlearn.plugin.writer import write_labels


def test_napari_saves_a_labels_layer_as_a_mask_of_class_ids(make_napari_viewer: Any, tmp_path: Path) -> None:
    make_napari_viewer()
    labels = np.arange(12, dtype=np.int32).reshape(3, 4)
    path = tmp_path / "case.png"
    assert Labels(labels, name="Fine mask").save(str(path), plugin="napari-unlearn") == [str(path)]
    assert np.array_equal(read_mask(path), labels)


@pytest.mark.parametrize(
    "wrong", [np.array([[255]]), np.array([[-1]]), np.zeros((2, 2, 2), int), np.zeros((0, 3), int)]
)
def test_what_is_no_mask_is_refused_by_name(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="my layer"):
        write_labels(str(tmp_path / "case.png"), wrong, {"name": "my layer"})
    assert not list(tmp_path.iterdir())


def test_a_disk_that_refuses_leaves_the_old_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "case.png"
    write_labels(str(path), np.ones((2, 2), int), {})
    old = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_unlearn.files.os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        writer.write_labels(str(path), np.zeros((2, 2), int), {})
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
