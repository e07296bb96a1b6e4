"""Controller of notes and exclusions: writes them into the project, and shows them wherever the case is shown."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_unlearn.errors import UserError
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import Role
from napari_unlearn.project import CaseStatus


class Remarking(QObject):
    """Notes on cases, and which of them take part.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    included = Signal()  # the case may be brushed again

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._views = (bench.dock.data.remarks, bench.dock.refine.remarks)
        for view in self._views:
            view.note_written.connect(lambda case_id, note: bench.attempt(lambda: self.write(case_id, note)))
            view.exclusion_requested.connect(lambda case_id, why: bench.attempt(lambda: self.exclude(case_id, why)))
            view.inclusion_requested.connect(lambda case_id: bench.attempt(lambda: self.include(case_id)))

    def follow(self) -> None:
        """Show the notes of another project in the list."""
        project = self._bench.project
        for case_id in project.order:
            note = project.notes.of(case_id).note
            if note:
                self._bench.dock.data.cases.set_note(case_id, note)

    def look(self) -> None:
        """Show what is written about the case in hand, and let nobody brush an excluded one."""
        case = self._bench.project.case
        if case is None:
            return
        remark = self._bench.project.notes.of(case.id)
        for view in self._views:
            view.show_case(case.id, remark.note, remark.excluded)
        fine = self._bench.book.find(Role.FINE)
        if fine is not None:
            fine.editable = not (remark.excluded or self._bench.project.read_only)

    def write(self, case_id: str, note: str) -> None:
        """Write a note.

        Raises
        ------
        UserError
            The project is read-only, or the disk refuses.
        """
        self._require_writable()
        if self._bench.project.notes.write(case_id, note):
            self._bench.project.note("note written", case_id, text=note.strip())
            self._bench.dock.data.cases.set_note(case_id, note.strip())
        self.look()

    def exclude(self, case_id: str, reason: str) -> None:
        """Leave a case out of unlearning; its masks stay as they are.

        Raises
        ------
        UserError
            There is no reason, the project is read-only, or the disk refuses.
        """
        self._require_writable()
        if self._bench.project.notes.exclude(case_id, reason):
            self._bench.project.note("excluded", case_id, reason=reason.strip())
            self._tell(case_id)

    def include(self, case_id: str) -> None:
        """Let a case take part again.

        Raises
        ------
        UserError
            The project is read-only, or the disk refuses.
        """
        self._require_writable()
        if self._bench.project.notes.include(case_id):
            self._bench.project.note("included again", case_id)
            self._tell(case_id)
            self.included.emit()

    @property
    def excluded(self) -> bool:
        """Whether the case in hand is left out."""
        if not self._bench.has_project or self._bench.project.case is None:
            return False
        return self._bench.project.status(self._bench.project.case.id) is CaseStatus.EXCLUDED

    def _tell(self, case_id: str) -> None:
        project = self._bench.project
        project.status_changed.emit(case_id, project.status(case_id))
        self.look()

    def _require_writable(self) -> None:
        if self._bench.project.read_only:
            raise UserError(self._bench.project.read_only)
