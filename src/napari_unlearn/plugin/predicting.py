"""Controller of predictions: made in the background for the case in hand, remembered, shown while they matter."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_unlearn.jobs import predict
from napari_unlearn.jobs.events import Event, Failed, Preview
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import PREDICTIONS, Role
from napari_unlearn.plugin.task import Task

REMEMBERED = 64  # predictions; 0.8 MB each for the usual image


class Predicting(QObject):
    """Keeps the prediction layers of the case in hand up to date.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    shown = Signal()  # the predictions of the case in hand have changed

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.task = Task(bench.runner, self)
        self._known: OrderedDict[tuple[Path, str], NDArray[np.uint8]] = OrderedDict()
        self._refused: set[Path] = set()
        self._asked: tuple[Path, str] | None = None
        self.task.preview.connect(self._on_preview)
        self.task.ended.connect(self._on_ended)

    @property
    def pair(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
        """Predictions of the case in hand before and after, None while one of them is missing."""
        wanted = self._wanted()
        before, after = (
            self._known.get(wanted[role]) if role in wanted else None for role in (Role.BEFORE, Role.AFTER)
        )
        return None if before is None or after is None else (before, after)

    def refresh(self) -> None:
        """Show what is known about the case in hand, and compute what is not; older requests no longer count."""
        self._show_known()
        missing = self._missing()
        if missing is None:
            if self.task.state.busy:
                self.task.abandon()
        elif missing != self._asked or not self.task.state.busy:
            self._asked = model, case_id = missing
            request = predict.PredictRequest(self._bench.project.dataset.root, model, (case_id,))
            self.task.restart(predict.events, request)

    def retry(self) -> None:
        """Give models that failed another chance."""
        self._refused.clear()
        self.refresh()

    def clear(self) -> None:
        """Forget everything, for another data set."""
        self.task.abandon()
        self._known.clear()
        self._refused.clear()

    def _wanted(self) -> dict[Role, tuple[Path, str]]:
        if not self._bench.has_project or self._bench.project.case is None:
            return {}
        project, case_id = self._bench.project, self._bench.project.case.id
        before, after = self._bench.compared
        models = {Role.PREDICTION: project.model} if after is None else {Role.BEFORE: before, Role.AFTER: after}
        return {role: (model, case_id) for role, model in models.items() if model is not None}

    def _missing(self) -> tuple[Path, str] | None:
        wanted = self._wanted().values()
        return next((key for key in wanted if key not in self._known and key[0] not in self._refused), None)

    def _show_known(self) -> None:
        book = self._bench.book
        wanted = self._wanted()
        # After a run the prediction of the model in use becomes the one before, and on discarding it returns.
        for old, new in ((Role.PREDICTION, Role.BEFORE), (Role.BEFORE, Role.PREDICTION)):
            if new in wanted and old not in wanted:
                book.turn(old, new)
        for role in PREDICTIONS:
            prediction = self._known.get(wanted[role]) if role in wanted else None
            layer = book.find(role)
            if prediction is not None:
                book.show_prediction(role, prediction, role in self._bench.looking)
            elif role not in wanted:
                book.remove([role])
            elif layer is not None:
                # Better nothing than the prediction of another case.
                book.show_prediction(role, np.zeros(self._shape(), np.uint8))
        self.shown.emit()

    def _shape(self) -> tuple[int, int]:
        editing = self._bench.project.editing
        assert editing is not None
        return editing.fine.shape

    def _on_preview(self, event: Preview) -> None:
        assert self._asked is not None
        self._known[self._asked[0], event.case_id] = event.prediction
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self._show_known()

    def _on_ended(self, event: Event) -> None:
        if self._asked is not None and self._asked not in self._known:
            self._refused.add(self._asked[0])  # else the same failure would be asked for again at once
        if isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)
        self.refresh()
