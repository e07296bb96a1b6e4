"""Controller of the pictures in the list of cases: made in the background, a few at a time, for what is in sight."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_unlearn.jobs.events import Done, Event
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.task import Task

AT_ONCE = 6  # so that the first ones show soon, and scrolling on waits for few


class Thumbnails(QObject):
    """Makes the pictures that the list asks for.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._cases = bench.dock.data.cases
        self._wanted: list[str] = []
        self._unreadable: set[str] = set()
        self.task = Task(bench.runner, self)
        self.task.ended.connect(self._on_ended)
        self._cases.thumbnails_wanted.connect(self._on_wanted)

    def follow(self) -> None:
        """Start anew on another data set."""
        self.task.abandon()
        self._wanted = []
        self._unreadable.clear()

    def _on_wanted(self, case_ids: list[str]) -> None:
        # Only what is in sight now counts; what was scrolled past is asked for again when it comes back.
        self._wanted = [case_id for case_id in case_ids if case_id not in self._unreadable]
        if not self.task.state.busy:
            self._go_on()

    def _go_on(self) -> None:
        batch, self._wanted = self._wanted[:AT_ONCE], self._wanted[AT_ONCE:]
        if batch and self._bench.has_project:
            dataset = self._bench.project.dataset
            images = tuple((case_id, dataset.case(case_id).image_path) for case_id in batch)
            self.task.start(calls.events, calls.Call("napari_unlearn.data.thumbnail", "thumbnails", (images,)))

    def _on_ended(self, event: Event) -> None:
        if isinstance(event, Done):
            for case_id, picture in event.result.items():
                if picture is None:
                    self._unreadable.add(case_id)
                else:
                    self._cases.set_thumbnail(case_id, picture)
                if case_id in self._wanted:
                    self._wanted.remove(case_id)
            self._go_on()
