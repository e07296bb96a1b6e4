"""Controller of *Suggest next*: asks in the background which case to refine, goes there and says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from qtpy.QtCore import QObject

from napari_unlearn.data import suggestion
from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import Suggestion, Told
from napari_unlearn.jobs import surroundings
from napari_unlearn.jobs.events import Done, Event, Failed, Progress
from napari_unlearn.jobs.train import training_split
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.task import Task
from napari_unlearn.project import CaseStatus

_AGAIN = "Suggestions go by the table alone; tick what surrounds the lesion under Even out to look at the images."


def next_case(
    cases: Sequence[Case], columns: Sequence[str] | None, told: Mapping[str, Told] | None = None
) -> Suggestion:
    """Choose the case to refine next.

    Parameters
    ----------
    cases : sequence of Case
        Training cases, refined ones among them.
    columns : sequence of str or None
        Columns of the table to even out; None for all that sort into a few kinds.
    told : mapping of str to Told, optional
        What the surroundings of each case say, by its id; one more column.

    Returns
    -------
    Suggestion

    Raises
    ------
    UserError
        No case with a diagnosis is left to refine.
    """
    if told is not None:
        cases = suggestion.note_surroundings(cases, told)
    columns = suggestion.attributes(cases) if columns is None else columns
    (found,) = suggestion.suggest(cases, 1, columns, np.random.default_rng(0), told)
    return found


class Suggesting(QObject):
    """Goes to the case that is worth refining next.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._row = bench.dock.refine.suggest
        self._found: Suggestion | None = None
        self._passed: set[str] = set()  # suggested, and the person went on without refining them
        self._told: Mapping[str, Told] | None = None  # what the surroundings speak for, kept while the data set is open
        self._told_by: Path | None = None
        self._asked_in: tuple[int, CaseStatus] | None = None  # where the person was when looking began
        self.looking = False
        self.task = Task(bench.runner, self)
        self.task.progress.connect(self._on_progress)
        self.task.ended.connect(self._on_ended)
        self._row.columns_wanted.connect(lambda: bench.attempt(self._show_columns))

    def follow(self) -> None:
        """Start anew on another data set."""
        self.task.abandon()
        self._found, self._told = None, None
        self._passed.clear()
        self._show_looking(False)
        self._row.show_reason("")
        self._row.show_columns(())

    def suggest(self) -> None:
        """Look for the case to refine next; asking again without refining it asks for another one."""
        if self.looking:
            return
        model = self._bench.project.model
        if model is not None and self._row.surroundings and not self._knows(model):
            self._look_around(model)
        else:
            self._choose()

    def cancel(self) -> None:
        """Stop looking at surroundings."""
        self.task.cancel()

    def look(self, case: Case) -> None:
        """Show the reason while the suggested case is in hand."""
        shown = self._found is not None and self._found.case.id == case.id
        self._row.show_reason(self._found.reason if shown and self._found is not None else "")

    def _knows(self, model: Path) -> bool:
        # A revised model has the encoder of the one before, so that it would see the same.
        return self._told is not None and self._told_by in (model, self._bench.project.previous)

    def _look_around(self, model: Path) -> None:
        # What another model saw must not pass for what this one does, should this be cancelled.
        self._told, self._told_by, self._asked_in = None, model, self._here()
        self._show_looking(True)
        request = surroundings.SurroundingsRequest(self._bench.project.dataset.root, model)
        self.task.restart(surroundings.events, request)

    def _choose(self) -> None:
        here = self._bench.project.case
        if here is not None and self._open(here):
            self._passed.add(here.id)
        cases = self._cases()
        left = [case for case in cases if not (self._open(case) and case.id in self._passed)]
        if not any(self._open(case) and case.diagnosis for case in left):
            # Once round: what was passed over counts again, but for the case in hand.
            self._passed = {here.id} if here is not None else set()
            left = [case for case in cases if not (self._open(case) and case.id in self._passed)]
        if self._told is None or not self._row.surroundings:
            arguments: tuple[object, ...] = (left, self._row.chosen)
        else:
            arguments = (left, self._row.chosen, self._told)
        self._asked_in = self._here()
        call = calls.Call(__name__, "next_case", arguments, "Looking for the case to refine next")
        self.task.restart(calls.events, call)

    def _here(self) -> tuple[int, CaseStatus] | None:
        # A case that was asked for may still be on its way.
        case = self._bench.project.case
        return None if case is None else (self._bench.switching.wishes, self._bench.project.status(case.id))

    def _cases(self) -> list[Case]:
        project = self._bench.project
        cases = project.dataset.split(training_split(project.dataset))
        return [case for case in cases if project.status(case.id) is not CaseStatus.EXCLUDED]

    def _open(self, case: Case) -> bool:
        return self._bench.project.status(case.id) is CaseStatus.UNREFINED

    def _show_columns(self) -> None:
        if self._bench.has_project:
            self._row.show_columns(suggestion.attributes(self._cases()), self._bench.project.model is not None)

    def _show_looking(self, looking: bool) -> None:
        self.looking = looking
        self._row.show_looking(looking)

    def _on_progress(self, progress: Progress) -> None:
        if self.looking:
            self._row.show_progress(progress.done, progress.total, progress.message, progress.remaining)

    def _on_ended(self, event: Event) -> None:
        if self.looking:
            self._show_looking(False)
            self._on_looked(event)
        elif isinstance(event, Done):
            self._found = event.result
            if self._here() == self._asked_in:
                self._bench.attempt(lambda: self._bench.switching.go(event.result.case.id))
        elif isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)

    def _on_looked(self, event: Event) -> None:
        if isinstance(event, Done):
            self._told = event.result
            if self._here() == self._asked_in:
                self._choose()
            else:
                # Whoever has gone on meanwhile must not be taken away from there.
                ready = "All surroundings have been looked at."
                self._bench.dock.messages.note(ready, act="Suggest next", action=self._choose)
            return
        self._row.leave_surroundings()
        self._bench.attempt(self._show_columns)
        if isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, _AGAIN)
        else:
            self._bench.dock.messages.note(_AGAIN)
