"""Controller of what every route from case to case ends in: saves the one in hand, reads the next in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from napari_unlearn.jobs.events import Done, Event, Failed, Progress
from napari_unlearn.jobs.guard import guarded
from napari_unlearn.jobs.token import Token
from napari_unlearn.masks import dilation_artefacts
from napari_unlearn.plugin.outline import outline
from napari_unlearn.plugin.task import Task
from napari_unlearn.project import Project
from napari_unlearn.project.delta import Mask
from napari_unlearn.project.editing import FineMask
from napari_unlearn.project.store import Loaded

if TYPE_CHECKING:
    from napari_unlearn.plugin.bench import Bench

AT_ONCE = 300_000  # pixels that are decoded in less time than a thread takes to hand them over


@dataclass(frozen=True, eq=False)
class LoadRequest:
    """Which case of which document to read. The document lives in this process, so this job stays in it too."""

    project: Project
    case_id: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case that was read, with what would take the window long.

    Attributes
    ----------
    loaded : Loaded
        The case.
    ring : ndarray of uint8, shape (H, W)
        Outline of its coarse mask.
    artefacts : ndarray of bool, shape (H, W)
        Its dilation artefacts.
    version : int
        That of the fine mask for which they hold.
    """

    loaded: Loaded
    ring: Mask
    artefacts: NDArray[np.bool_]
    version: int


@guarded
def events(request: LoadRequest, token: Token) -> Iterator[Event]:
    """Read a case.

    Parameters
    ----------
    request : LoadRequest
        The case.
    token : Token
        Not looked at; the job takes a moment.

    Yields
    ------
    Event
        `Done` with a `Prepared` comes last.
    """
    yield Progress(0, 0, f"Opening {request.case_id}")
    loaded = request.project.load(request.case_id)
    editing = loaded.work.editing
    version = editing.plane.version
    artefacts = dilation_artefacts(editing.coarse, editing.fine)
    yield Done(Prepared(loaded, outline(editing.coarse), artefacts, version))


class Switching(QObject):
    """Goes to another case.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    ended = Signal()  # another case is in hand, or it cannot be

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.task = Task(bench.runner, self)
        self.task.ended.connect(self._on_ended)
        self._marking = QTimer(self)  # after the list, which marks the line that was clicked
        self._marking.setSingleShot(True)
        self._marking.timeout.connect(self._mark_case)
        self._prepared: Prepared | None = None
        self.wishes = 0  # how often somebody wanted to go to a case

    def ring(self, editing: FineMask) -> Mask | None:
        """Outline of the coarse mask of a case, where the background has drawn it."""
        known = self._prepared
        return known.ring if known is not None and known.loaded.work.editing is editing else None

    def artefacts(self, editing: FineMask) -> NDArray[np.bool_] | None:
        """Dilation artefacts of a case, where the background has looked for them and nobody has brushed since."""
        known = self._prepared
        if known is None or known.loaded.work.editing is not editing or known.version != editing.plane.version:
            return None
        return known.artefacts if editing.plane.at_rest else None

    def forget(self) -> None:
        """Start anew on another data set."""
        self.task.abandon()
        self._prepared = None

    def go(self, case_id: str) -> None:
        """Take a case in hand; where the disk refuses the masks of the one before, that one stays.

        Parameters
        ----------
        case_id : str
            The case.

        Raises
        ------
        UserError
            The case cannot be read; one that is read in the background says so in a message.
        """
        project = self._bench.project
        self.wishes += 1
        self.task.abandon()  # only the last wish counts
        try:
            height, width = project.dataset.case(case_id).shape
            if height * width <= AT_ONCE:
                project.select(case_id)
            elif project.leave(wait=False):
                self.task.start(events, LoadRequest(project, case_id))
        finally:
            if not self.task.state.busy:
                self._marking.start()

    def _on_ended(self, event: Event) -> None:
        if isinstance(event, Done):
            self._prepared = event.result
            self._bench.attempt(lambda: self._bench.project.adopt(event.result.loaded))
        elif isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)
            self._mark_case()
        self.ended.emit()

    def _mark_case(self) -> None:
        case = self._bench.project.case if self._bench.has_project else None
        if case is not None:
            self._bench.dock.data.cases.set_current(case.id)
