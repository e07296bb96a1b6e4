"""Controller of the artefact map: one kind of artefact at a time is brushed on the case in hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unlearn.data.artefacts import ARTEFACT_NAMES
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.flag_painter import FlagPainter
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.painting import Rectangle
from napari_unlearn.plugin.refining import MODES, tool_of
from napari_unlearn.project import CaseStatus, Project
from napari_unlearn.project.history import ARTEFACTS


class Marking(QObject):
    """Shows the artefact map while it is marked, and follows the brush.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    ended = Signal()  # the brush is one for the fine mask again

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._page = bench.dock.refine
        self._section = bench.dock.refine.marking
        self._section.show_kinds({flag: name.replace("_", " ") for flag, name in ARTEFACT_NAMES.items()})
        self._section.kind_chosen.connect(lambda: bench.attempt(self.show))
        self._page.brush_size_requested.connect(self._set_brush_size)
        self._painter: FlagPainter | None = None
        self.on = False
        bench.viewer.layers.events.removed.connect(self._on_removed)

    def follow(self, project: Project) -> None:
        """Start anew on another data set."""
        self.stop()
        project.mask_changed.connect(self._on_mask_changed)

    def toggle(self) -> None:
        """Take the brush for artefacts in hand, or the one for the fine mask again."""
        if self.on:
            self.stop()
            self.ended.emit()
        else:
            self.on = True
            self._bench.attempt(self.show)
        self._section.show_on(self.on)

    def stop(self) -> None:
        """Leave the artefact map alone."""
        self.on = False
        self._release()
        self._bench.book.remove([Role.SPURIOUS])
        self._section.show_on(False)
        self._section.show_counts("")
        self._page.show_marking("")

    def show(self) -> None:
        """Show the map of the case in hand, ready to be brushed.

        Raises
        ------
        UserError
            The map cannot be read.
        """
        if not self.on:
            return
        self._release()
        project, book = self._bench.project, self._bench.book
        try:
            plane = project.artefacts
        except Exception:
            self.stop()
            raise
        if plane is None or project.case is None:
            return
        flag = self._section.flag
        layer = book.show_spurious(plane.array, flag)
        fine = book.find(Role.FINE)
        if fine is not None:
            layer.brush_size = fine.brush_size
        for key, action in (("Control-Z", project.undo), ("Control-Shift-Z", project.redo)):
            layer.bind_key(key, lambda _, action=action: self._bench.attempt(action), overwrite=True)
        layer.editable = not project.read_only and project.status(project.case.id) is not CaseStatus.EXCLUDED
        layer.visible = True
        book.show_only([Role.COARSE, Role.SPURIOUS])
        self._painter = FlagPainter(plane, layer, flag, self._on_stroke)
        self._page.show_marking(ARTEFACT_NAMES[flag].replace("_", " "))
        self._count()
        if layer.editable:
            self.use_tool("tool_restore")

    def use_tool(self, key: str) -> bool:
        """Take a tool in hand for the artefact map; False where that is not what is marked."""
        layer = self._layer
        if layer is None or not layer.editable:
            return False
        self._bench.viewer.layers.selection.active = layer
        layer.selected_label = self._section.flag if key == "tool_restore" else 0
        layer.mode = MODES[key]
        self._page.show_tool(key)
        return True

    def leave(self) -> None:
        """Put the brush down, so that a click on another page paints nothing."""
        if self._layer is not None:
            self._layer.mode = "pan_zoom"

    @property
    def _layer(self) -> Any | None:
        return self._bench.book.find(Role.SPURIOUS) if self._painter is not None else None

    def _on_stroke(self) -> None:
        kind = ARTEFACT_NAMES[self._section.flag].replace("_", " ")
        what = "mark" if self._layer is not None and tool_of(self._layer) == "tool_restore" else "unmark"
        self._bench.project.record(f"{what} {kind}")
        self._count()

    def _on_mask_changed(self, layer: str, rectangle: Rectangle) -> None:
        if layer == ARTEFACTS and self._painter is not None:
            self._painter.refresh(rectangle)
            self._count()

    def _count(self) -> None:
        plane = self._bench.project.artefacts
        assert plane is not None
        shares = {
            name: np.count_nonzero(plane.array & flag) / plane.array.size for flag, name in ARTEFACT_NAMES.items()
        }
        marked = [f"{name.replace('_', ' ')} {share:.1%}" for name, share in shares.items() if share]
        self._section.show_counts(f"Marked: {', '.join(marked)} of the image" if marked else "Nothing is marked yet.")

    def _set_brush_size(self, size: int) -> None:
        if self._layer is not None:
            self._layer.brush_size = size

    def _release(self) -> None:
        if self._painter is not None:
            self._painter.stop()
        self._painter = None

    def _on_removed(self, event: object) -> None:
        if self._painter is not None and self._bench.book.find(Role.SPURIOUS) is None:
            self.stop()
            self.ended.emit()
