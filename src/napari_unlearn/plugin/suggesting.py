"""Controller of *Suggest next*: asks in the background which case to refine, goes there and says why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QObject

from napari_unlearn.data import suggestion
from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import Suggestion
from napari_unlearn.jobs.events import Done, Event, Failed
from napari_unlearn.jobs.train import training_split
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.task import Task
from napari_unlearn.project import CaseStatus


def next_case(cases: Sequence[Case], columns: Sequence[str] | None) -> Suggestion:
    """Choose the case to refine next.

    Parameters
    ----------
    cases : sequence of Case
        Training cases, refined ones among them.
    columns : sequence of str or None
        Columns of the table to even out; None for all that sort into a few kinds.

    Returns
    -------
    Suggestion

    Raises
    ------
    UserError
        No case with a diagnosis is left to refine.
    """
    columns = suggestion.attributes(cases) if columns is None else columns
    (found,) = suggestion.suggest(cases, 1, columns, np.random.default_rng(0))
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
        self.task = Task(bench.runner, self)
        self.task.ended.connect(self._on_ended)
        self._row.columns_wanted.connect(self._show_columns)

    def follow(self) -> None:
        """Start anew on another data set."""
        self.task.abandon()
        self._found = None
        self._passed.clear()
        self._row.show_reason("")
        self._row.show_columns(())

    def suggest(self) -> None:
        """Look for the case to refine next; asking again without refining it asks for another one."""
        here = self._bench.project.case
        if here is not None and self._open(here):
            self._passed.add(here.id)
        cases = self._cases()
        left = [case for case in cases if not (self._open(case) and case.id in self._passed)]
        if not any(self._open(case) and case.diagnosis for case in left):
            # Once round: what was passed over counts again, but for the case in hand.
            self._passed = {here.id} if here is not None else set()
            left = [case for case in cases if not (self._open(case) and case.id in self._passed)]
        call = calls.Call(__name__, "next_case", (left, self._row.chosen), "Looking for the case to refine next")
        self.task.restart(calls.events, call)

    def look(self, case: Case) -> None:
        """Show the reason while the suggested case is in hand."""
        shown = self._found is not None and self._found.case.id == case.id
        self._row.show_reason(self._found.reason if shown and self._found is not None else "")

    def _cases(self) -> list[Case]:
        project = self._bench.project
        cases = project.dataset.split(training_split(project.dataset))
        return [case for case in cases if project.status(case.id) is not CaseStatus.EXCLUDED]

    def _open(self, case: Case) -> bool:
        return self._bench.project.status(case.id) is CaseStatus.UNREFINED

    def _show_columns(self) -> None:
        if self._bench.has_project:
            self._row.show_columns(suggestion.attributes(self._cases()))

    def _on_ended(self, event: Event) -> None:
        if isinstance(event, Done):
            self._found = event.result
            self._bench.attempt(lambda: self._bench.switching.go(event.result.case.id))
        elif isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)
