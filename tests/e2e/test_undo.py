"""Undo and redo with keys and buttons: everything that was done to a case, in this session and after a restart."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox

from napari_unlearn.data.artefacts import RULER
from napari_unlearn.data.dataset import Dataset

State = tuple[bytes, bytes, Path | None, Path | None]


def state(project: Any) -> State:
    return project.editing.fine.tobytes(), project.artefacts.array.tobytes(), project.model, project.previous


def test_undo_goes_back_through_everything_and_redo_forward_again_after_a_restart(
    person: Any, sample: Dataset, model: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    controller, bench = person.controller, person.controller.bench
    controller.opening.open(root, model)
    person.wait(lambda: bench.has_project and bench.project.case is not None)
    person.wait_for_predictions()
    controller.perform("next_unrefined")
    project, case_id = bench.project, bench.project.case.id
    project.revise(run / "model")
    person.wait_for_predictions()
    person.click("go_refine")
    inside = np.argwhere(project.editing.fine > 0)
    row, column = inside[len(inside) // 2].tolist()
    states, names = [state(project)], []

    def done() -> None:
        person.wait(lambda: state(project) != states[-1])
        states.append(state(project))
        names.append(project.undoable)
        assert states[-1] != states[-2], names

    person.stroke([(row, column), (row, column + 3), (row + 2, column + 5)])
    done()
    person.click("tool_restore")
    person.stroke([(row, column), (row, column + 2)])
    done()
    person.click("tool_fill")
    person.stroke([tuple(inside[0].tolist())])
    done()
    person.click("start_from_coarse")
    done()
    person.click("propose")
    person.wait(lambda: not controller.desk.proposing.task.state.busy)
    person.press(Qt.Key.Key_K)
    done()
    person.click("shrink")
    person.wait(lambda: not controller.desk.proposing.task.state.busy)
    person.click("accept_proposal")
    done()
    person.click("mark_artefacts")
    kinds = person.dock.findChild(QComboBox, "artefact_kind")
    assert kinds.currentData() == RULER
    person.stroke([(2, 2), (2, 30)])
    done()
    person.click("tool_trim")
    person.stroke([(2, 10), (2, 12)])
    done()
    person.click("mark_artefacts")
    person.dock.show_step(3)
    person.wait_for_predictions()
    person.click("discard")
    done()
    assert names[:4] == ["trim", "restore", "remove area", "start from coarse"]
    assert [name.split()[0] for name in names[4:6]] == ["accept", "accept"]
    assert names[6:] == ["mark ruler", "unmark ruler", "discard model"]
    person.wait_for_predictions()

    monkeypatch.setattr("napari_unlearn.plugin.opening.choose_folder", lambda *_: root)
    person.dock.show_step(0)
    person.click("open_folder")
    person.wait(lambda: bench.project is not project and bench.project.case is not None)
    project = bench.project
    person.pick_case(case_id)
    person.wait(lambda: project.case.id == case_id)
    person.wait_for_predictions()
    person.click("go_refine")
    assert state(project) == states[-1]
    for before in states[-2::-1]:
        person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert state(project) == before
    assert project.undoable == ""
    for after in states[1:]:
        person.click("redo")
        assert state(project) == after
    person.wait_for_predictions()
