"""Holding, stopping, cancelling and losing a run, with real clicks in the real window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QLabel, QPushButton, QRadioButton

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.jobs.state import JobState
from napari_unlearn.models.unet import Unet
from napari_unlearn.operators import retrain


@pytest.fixture
def ready(person: Any, sample: Dataset, model: Path, tmp_path: Path) -> Any:
    """Somebody on the page Unlearn who has chosen a method that takes long enough to be stopped."""
    root = Path(shutil.copytree(sample.root, tmp_path / "dataset"))
    person.controller.opening.open(root, model)
    person.wait(lambda: person.controller.bench.has_project and person.controller.bench.project.case is not None)
    person.wait_for_predictions()
    person.dock.show_step(2)
    person.dock.findChild(QRadioButton, "retrain").setChecked(True)
    return person


def words(person: Any) -> str:
    return " ".join(label.text() for label in person.dock.run.findChildren(QLabel))


def start(person: Any) -> None:
    person.click("unlearn")
    person.wait(lambda: person.controller.bench.keep)
    assert person.controller.bench.task.state is JobState.RUNNING


def test_a_run_is_held_goes_on_and_is_stopped_with_its_last_good_state(ready: Any, qtbot: Any) -> None:
    bench = ready.controller.bench
    start(ready)
    ready.click("pause")
    assert bench.task.state is JobState.PAUSED
    assert "Paused" in words(ready)
    qtbot.wait(200)  # the step under way ends
    points = {name: len(steps) for name, (steps, _) in ready.dock.unlearn.curve._points.items()}
    qtbot.wait(200)
    assert {name: len(steps) for name, (steps, _) in ready.dock.unlearn.curve._points.items()} == points
    assert ready.dock.run.findChild(QPushButton, "pause").text() == "Resume"
    ready.click("pause")
    assert bench.task.state is JobState.RUNNING
    ready.click("stop")
    assert "Stopping" in words(ready)
    ready.wait(lambda: bench.project.previous is not None)
    assert any("stopped by hand" in text for _, text in ready.dock.messages.shown)
    assert verify_run(bench.project.model.parent) == []
    ready.wait(lambda: not bench.task.state.busy)
    ready.wait_for_predictions()


def test_a_run_that_is_cancelled_while_it_is_held_leaves_nothing_behind(ready: Any, model: Path) -> None:
    bench = ready.controller.bench
    start(ready)
    ready.click("pause")
    ready.click("cancel")
    assert bench.task.state is JobState.CANCELLING
    assert "Cancelling" in words(ready)
    ready.wait(lambda: bench.task.state is JobState.CANCELLED)
    assert not ready.dock.run.isVisible()
    assert bench.project.model == model
    assert [path.name for path in bench.project.runs.glob("*retrain*")] == []
    assert ready.dock.messages.shown[-1] == ("note", "Cancelled. Nothing was changed.")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), "The graphics card ran out of memory."),
        (MemoryError(), "The computer ran out of memory."),
        (ZeroDivisionError("division by zero"), "Something unexpected went wrong"),
    ],
)
def test_a_run_that_fails_says_why_and_can_be_started_again(
    ready: Any, model: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    bench = ready.controller.bench

    def failing(*_: Any) -> Iterator[Any]:
        raise error
        yield

    with monkeypatch.context() as patch:
        patch.setattr(retrain, "descend", failing)
        ready.click("unlearn")
        ready.wait(lambda: bench.task.state is JobState.FAILED)
    level, said = ready.dock.messages.shown[-1]
    assert level == "error"
    assert said.startswith(sentence)
    assert bench.project.model == model
    start(ready)
    ready.click("cancel")
    ready.wait(lambda: not bench.task.state.busy)


def test_every_device_is_tested_at_a_click_and_says_what_came_of_it(ready: Any) -> None:
    ready.click("try_devices")
    found = ready.dock.findChild(QLabel, "devices_found")
    ready.wait(lambda: found.isVisible())
    assert "✓ <b>Processor (CPU)</b>: works" in found.text()
    assert found.text().count("<br>") == 2
    ready.wait(lambda: not ready.controller.bench.task.state.busy)


def test_a_run_that_runs_out_of_memory_says_so_and_begins_again_with_fewer_images(
    ready: Any, unet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = ready.controller.bench
    bench.project.use_model(unet)
    ready.wait_for_predictions()
    forward = Unet.forward

    def limited(network: Unet, images: Any) -> Any:
        if len(images) > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return forward(network, images)

    monkeypatch.setattr(Unet, "forward", limited)
    ready.click("unlearn")
    ready.wait(lambda: bool(ready.dock.messages.shown))
    assert ready.dock.messages.shown == [
        ("note", "Memory ran out; beginning again with at most 4 images at a time, which takes longer.")
    ]
    assert bench.task.state is JobState.RUNNING
    ready.click("cancel")
    ready.wait(lambda: not bench.task.state.busy)
