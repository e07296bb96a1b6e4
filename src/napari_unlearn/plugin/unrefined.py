"""Controller of *Next unrefined*: passes over cases whose coarse mask shows no lesion, so that none can be refined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done, Event, Failed
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.switching import AT_ONCE
from napari_unlearn.plugin.task import Task
from napari_unlearn.project import CaseStatus
from napari_unlearn.project.lesion_free import look
from napari_unlearn.project.queue_order import onward

if TYPE_CHECKING:
    from napari_unlearn.plugin.bench import Bench

FEW = 4  # masks of the usual size that are looked at in less time than it takes to draw the window
ALL_REFINED = "Every case has a fine mask."
REST_EMPTY = "Every case with a lesion in its coarse mask has a fine mask; the others have nothing to refine."


class Unrefined(QObject):
    """Goes to the next case that can be refined.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._finished: Callable[[str], object] = str
        self._wishes = 0  # how often somebody had wanted to go to a case when looking began
        self.task = Task(bench.runner, self)
        self.task.ended.connect(self._on_ended)

    def waiting(self, order: Sequence[str] | None = None) -> tuple[str, ...]:
        """Unrefined cases from the one after that in hand, once round.

        Parameters
        ----------
        order : sequence of str, optional
            Cases in the order in which they are gone through; all of the data set by default.

        Returns
        -------
        tuple of str
            Their identifiers.
        """
        project, here = self._bench.project, self._here
        ids = project.order if order is None else order

        def unrefined(case_id: str) -> bool:
            return project.status(case_id) is CaseStatus.UNREFINED

        return tuple(onward(ids, here if here in ids else None, unrefined))

    def go(self, ids: Sequence[str], finished: Callable[[str], object]) -> None:
        """Take the first of these cases in hand whose coarse mask shows a lesion.

        Parameters
        ----------
        ids : sequence of str
            Unrefined cases, in the order in which they are wanted.
        finished : callable
            Told in one sentence that there is none.

        Raises
        ------
        UserError
            The case cannot be read.
        """
        project = self._bench.project
        self.task.abandon()
        self._finished = finished
        left = [project.dataset.case(case_id) for case_id in ids if case_id not in project.lesion_free]
        for place, case in enumerate(left):
            if not project.lesion_free.knows(case.id):
                if place >= FEW or _is_large(case):
                    self._wishes = self._bench.switching.wishes
                    call = calls.Call(look.__module__, "look", (left[place:],), "Looking for a lesion to refine")
                    self.task.start(calls.events, call)
                    return
                project.lesion_free.note(look([case]))
            if case.id not in project.lesion_free:
                self._bench.switching.go(case.id)
                return
        finished(REST_EMPTY if ids else ALL_REFINED)

    @property
    def _here(self) -> str | None:
        case = self._bench.project.case
        return None if case is None else case.id

    def _on_ended(self, event: Event) -> None:
        if isinstance(event, Done):
            self._bench.project.lesion_free.note(event.result)
            following = next((case_id for case_id, free in event.result.items() if not free), None)
            if following is None:
                self._finished(REST_EMPTY)
            elif self._bench.switching.wishes == self._wishes:  # else somebody has gone on, and must not be taken away
                self._bench.attempt(lambda: self._bench.switching.go(following))
        elif isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)


def _is_large(case: Case) -> bool:
    try:
        height, width = case.shape
    except UserError:
        return False  # going there says why
    return height * width > AT_ONCE
