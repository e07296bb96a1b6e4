"""Controller of live unlearning: sends strokes to a session in the background, and shows the states it answers with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_unlearn.data.case import Case
from napari_unlearn.jobs import live, live_keep
from napari_unlearn.jobs.events import Event, Failed, Progress
from napari_unlearn.jobs.live_inbox import Inbox
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.predicting import Predicting
from napari_unlearn.plugin.task import Task
from napari_unlearn.plugin.unlearning import Unlearning
from napari_unlearn.project.runs import new_run


class Live(QObject):
    """Keeps the prediction of the case in hand up to date with the brush.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    predicting : Predicting
        Whose layers are used; what a session shows goes before what the model in use predicts.
    unlearning : Unlearning
        Who knows budget and swaps.
    """

    changed = Signal()  # on, off, or the first state is there
    kept = Signal(object)  # RunResult

    def __init__(self, bench: Bench, predicting: Predicting, unlearning: Unlearning) -> None:
        super().__init__(bench)
        self._bench = bench
        self._page = bench.dock.refine
        self._unlearning = unlearning
        self.task = Task(bench.runner, self)
        self.state: live.LiveState | None = None
        self._inbox = Inbox()
        self._sent: tuple[str, NDArray[np.uint8]] | None = None
        self.task.progress.connect(self._on_progress)
        self.task.preview.connect(self._on_state)
        self.task.ended.connect(self._on_ended)
        predicting.task.preview.connect(lambda _: self._show())
        predicting.task.ended.connect(lambda _: self._show())

    @property
    def on(self) -> bool:
        """Whether a session runs."""
        return self.task.state.busy

    def toggle(self) -> None:
        """Switch on or off."""
        if self.on:
            self.stop()
        else:
            self._start()

    def stop(self) -> None:
        """Switch off; what the session has shown stays until something else is predicted."""
        if self.on:
            self._inbox.close()
            self.task.abandon()
        self._over()

    def stroke(self) -> None:
        """Tell the session of the mask in hand, where it has changed."""
        project = self._bench.project
        if not self.on or project.editing is None or project.case is None:
            return
        fine = project.editing.fine
        if self._sent is not None and self._sent[0] == project.case.id and np.array_equal(self._sent[1], fine):
            return
        self._sent = project.case.id, fine.copy()
        self._inbox.stroke(project.case, fine)
        self._page.show_live("Updating…")

    def look(self, case: Case) -> None:
        """Tell the session which case is in hand."""
        editing = self._bench.project.editing
        if self.on and editing is not None:
            self._sent = case.id, editing.fine.copy()
            self._inbox.look(case)

    def show_layer(self) -> None:
        """Make the prediction visible beside the masks, as long as the session runs."""
        layer = self._bench.book.find(self._role())
        if self.on and layer is not None and not layer.visible:
            layer.visible = True

    def keep(self) -> None:
        """Keep the state that is shown as a run, and use its model."""
        assert self.state is not None
        request = live_keep.KeepRequest(self.state, new_run(self._bench.project.dataset.root, "live"))
        self._bench.run(live_keep.events, request, self.kept.emit)

    def _start(self) -> None:
        project, budget = self._bench.project, self._unlearning.budget()
        assert project.model is not None
        if not project.save_all():
            self._over()
            return
        self._inbox = Inbox()
        request = live.LiveRequest(
            project.dataset.root,
            project.model,
            project.runs,
            self._inbox,
            epsilon=budget.epsilon,
            delta=budget.delta,
            counterfactual=budget.counterfactual,
            device=budget.device,
        )
        self.task.start(live.events, request)
        if project.case is not None:
            self.look(project.case)
        self._page.show_live("Getting ready…")
        self.changed.emit()

    def _over(self) -> None:
        self.state = None
        self._page.show_live("")
        self.changed.emit()

    def _role(self) -> Role:
        return Role.PREDICTION if self._bench.project.previous is None else Role.AFTER

    def _on_progress(self, event: Progress) -> None:
        share = f" {event.done} of {event.total}" if event.total else ""
        self._page.show_live(f"Getting ready: {event.message.lower()}{share}…")

    def _on_state(self, event: live.LiveState) -> None:
        first, self.state = self.state is None, event
        self._page.show_live(summary(event), certificate_tip(event))
        self._show()
        if first:
            self.show_layer()
            self.changed.emit()

    def _show(self) -> None:
        state, case = self.state, self._bench.project.case if self._bench.has_project else None
        if state is None or not self.on or case is None or state.case_id != case.id:
            return
        layer = self._bench.book.find(self._role())
        if layer is None:
            self._bench.book.show_prediction(self._role(), state.prediction)
        elif layer.data.shape != state.prediction.shape or not np.array_equal(layer.data, state.prediction):
            layer.data = state.prediction

    def _on_ended(self, event: Event) -> None:
        self._over()
        if isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)


def summary(state: live.LiveState) -> str:
    """One line that says what a state is worth."""
    record = state.record
    guarantee = "not certified" if record.epsilon is None else f"ε = {record.epsilon:.2g}"
    place = f"state {state.state:,} of {state.states:,}"
    return f"Dice {state.dice:.3f} · {guarantee}, {place} · {state.seconds:.1f} s"


def certificate_tip(state: live.LiveState) -> str:
    """What the certificate of a state says, for the mouse that rests on the line."""
    numbers, record = state.record.parameters, state.record
    missing = f" {state.due} composed cases are being made anew and follow with the next state." if state.due else ""
    if record.epsilon is None:
        return "The noise of this session can be repeated, so nothing is certified." + missing
    return (
        f"Certified head: ε = {record.epsilon:.3g} at δ = {record.delta:g} for all {record.attempts:,} states and runs "
        f"shown so far together. Gradient at most {numbers['residual_bound']:.1e}, noise σ = {numbers['sigma']:.1e}. "
        f"Dice is that of the drawn pixels of refined cases.{missing}"
    )


def has_head(model: Path | None) -> bool:
    """Whether a model is a head on a frozen encoder, by its card; a card that says nothing is of a head."""
    if model is None:
        return False
    try:
        facts: Any = json.loads((model / "model.json").read_text(encoding="utf-8"))
        return bool(facts.get("kind", "head") == "head")
    except (OSError, ValueError, AttributeError):
        return False
