"""The controller of live unlearning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QPushButton, QWidget

from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.live import has_head
from napari_unlearn.plugin.widget import UnlearnWidget


@pytest.fixture
def live_dock(open_dock: UnlearnWidget, qtbot: Any) -> UnlearnWidget:
    """The dock with a live session that has shown its first state."""
    controller = open_dock.controller
    controller.perform("go_refine")
    controller.perform("live")
    qtbot.waitUntil(lambda: controller.live.state is not None, timeout=120_000)
    return open_dock


def test_switching_off_ends_the_session_and_charges_what_was_shown(live_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = live_dock.controller
    shown = controller.live.state.state
    ledger = controller.bench.project.runs / "live-states.json"
    assert [entry["states"] for entry in json.loads(ledger.read_text()).values()] == [100]
    controller.perform("live")
    assert not controller.live.on
    assert not live_dock.findChild(QPushButton, "live").isChecked()
    assert not live_dock.findChild(QPushButton, "live_keep").isEnabled()
    controller.bench.runner.wait(60)
    charged = [entry["states"] for entry in json.loads(ledger.read_text()).values()]
    assert len(charged) == 1
    assert shown <= charged[0] < 100


def test_another_prediction_of_the_model_in_use_does_not_hide_the_state(live_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = live_dock.controller
    state = controller.live.state
    controller.predicting.clear()
    controller.predicting.refresh()
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    assert np.array_equal(controller.bench.book.find(Role.PREDICTION).data, state.prediction)


def test_a_mask_that_is_as_it_was_asks_for_no_state(live_dock: UnlearnWidget) -> None:
    controller = live_dock.controller
    before = controller.live._inbox._generation
    controller.live.stroke()
    controller.bench.project.save_stroke()
    assert controller.live._inbox._generation == before


def test_another_model_ends_the_session(live_dock: UnlearnWidget, run: Path) -> None:
    live_dock.controller.bench.project.use_model(run / "model")
    assert not live_dock.controller.live.on


def test_a_session_that_fails_says_why_and_is_off(
    open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("napari_unlearn.operators.live.retain_state.RetainState.read", broken)
    controller = open_dock.controller
    controller.perform("live")
    qtbot.waitUntil(lambda: not controller.live.on, timeout=60_000)
    assert [sentence for _, sentence in open_dock.messages.shown] == ["The computer ran out of memory."]
    assert not open_dock.findChild(QPushButton, "live").isChecked()
    assert open_dock.findChild(QWidget, "live_line") is not None


@pytest.mark.parametrize(("card", "expected"), [('{"kind": "unet"}', False), ('{"kind": "head"}', True), ("{}", True),
                                                ("[]", False), ("?", False)])  # fmt: skip
def test_what_a_model_is_is_read_off_its_card(tmp_path: Path, card: str, expected: bool) -> None:
    (tmp_path / "model.json").write_text(card)
    assert has_head(tmp_path) is expected
    assert not has_head(None)
    assert not has_head(tmp_path / "nothing")


def test_a_unet_cannot_be_used_live_and_the_switch_says_so(open_dock: UnlearnWidget, unet: Path) -> None:
    open_dock.controller.bench.project.use_model(unet)
    switch = open_dock.findChild(QPushButton, "live")
    assert not switch.isEnabled()
    assert "U-Net" in switch.toolTip()
