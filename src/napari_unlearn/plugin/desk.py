"""Controller of what makes refining fast: which case next, what is written about it, pictures in the list."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject

from napari_unlearn.data.case import Case
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.marking import Marking
from napari_unlearn.plugin.opening import Opening
from napari_unlearn.plugin.proposing import CHANGES, Proposing
from napari_unlearn.plugin.remarking import Remarking
from napari_unlearn.plugin.suggesting import Suggesting
from napari_unlearn.plugin.thumbnails import Thumbnails
from napari_unlearn.project import Project
from napari_unlearn.project.queue_order import neighbour


class Desk(QObject):
    """Ties these controllers to the project that is open.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    opening : Opening
        Tells of projects that were opened.
    """

    def __init__(self, bench: Bench, opening: Opening) -> None:
        super().__init__(bench)
        self._bench = bench
        self.suggesting, self.remarking = Suggesting(bench), Remarking(bench)
        self.thumbnails, self.proposing = Thumbnails(bench), Proposing(bench)
        self.marking = Marking(bench)
        opening.opened.connect(self._on_opened)
        self.actions: dict[str, Callable[[], object]] = {
            "previous_case": lambda: self.step(-1),
            "next_case": lambda: self.step(1),
            "next_unrefined": self.next_unrefined,
            "suggest_next": self.suggesting.suggest,
            "suggest_cancel": self.suggesting.cancel,
            "show_help": bench.dock.help.toggle,
            "propose": self.proposing.propose,
            "accept_proposal": self.proposing.accept,
            "reject_proposal": self.proposing.close,
            "trim_outside": self.proposing.trim_outside,
            "mark_artefacts": self.marking.toggle,
            **{key: (lambda key=key: self.proposing.change(key)) for key in CHANGES},
        }

    def stop(self) -> None:
        """End the background work, because the window closes."""
        for view in (self._bench.dock.data.remarks, self._bench.dock.refine.remarks):
            view.flush()
        for task in (self.suggesting.task, self.thumbnails.task, self.proposing.task):
            task.abandon()

    def step(self, distance: int) -> None:
        """Go to the neighbour in the list as it is sorted and filtered; from a case that is not listed, to its end."""
        order = self._bench.dock.data.cases.listed
        here = self._here()
        if not order:
            self._bench.dock.messages.note("The list shows no case.", "Clear its search and its filter (step 1).")
        elif here in order:
            self._go(neighbour(order, here, distance))
        else:
            self._go(order[0] if distance > 0 else order[-1])

    def next_unrefined(self) -> None:
        """Go to the next unrefined case of the list, and where it has none, of the data set; it has a lesion."""
        unrefined = self._bench.unrefined
        wanted = dict.fromkeys((*unrefined.waiting(self._bench.dock.data.cases.listed), *unrefined.waiting()))
        unrefined.go(tuple(wanted), self._bench.dock.messages.note)

    def _here(self) -> str | None:
        case = self._bench.project.case
        return None if case is None else case.id

    def _go(self, case_id: str | None) -> None:
        if case_id is not None:
            self._bench.switching.go(case_id)

    def _on_opened(self, project: Project) -> None:
        for part in (self.suggesting, self.thumbnails, self.remarking, self.proposing):
            part.follow()
        self.marking.follow(project)
        project.case_changed.connect(self._on_case)
        project.mask_saved.connect(lambda _: self.proposing.count_outside())

    def _on_case(self, case: Case) -> None:
        self.suggesting.look(case)
        self.remarking.look()
        self.proposing.look()
