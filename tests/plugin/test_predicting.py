from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from napari_unlearn.jobs import predict
from napari_unlearn.jobs.events import Event, Failed
from napari_unlearn.jobs.token import Token
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.widget import UnlearnWidget


def test_what_is_shown_belongs_to_the_case_in_hand(open_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = open_dock.controller
    book = controller.bench.book
    first = book.find(Role.PREDICTION).data.copy()
    assert first.any()
    controller.perform("next_case")
    assert not book.find(Role.PREDICTION).data.any()  # better nothing than that of another case
    controller.perform("previous_case")  # known already, so it is there at once
    assert np.array_equal(book.find(Role.PREDICTION).data, first)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    assert np.array_equal(book.find(Role.PREDICTION).data, first)


def test_a_model_that_cannot_predict_is_told_once_not_for_every_case(
    open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    def broken(request: object, token: Token) -> Iterator[Event]:
        yield Failed("The model is damaged.", "Choose another.")

    controller = open_dock.controller
    monkeypatch.setattr(predict, "events", broken)
    for _ in range(3):
        controller.perform("next_case")
        qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    assert [sentence for _, sentence in open_dock.messages.shown] == ["The model is damaged."]
