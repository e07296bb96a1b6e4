"""Controller of step 2: ties brush, fine mask, dilation artefacts and disk together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.masks import dilation_artefacts
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.forget_overlay import ForgetOverlay
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.painting import Rectangle
from napari_unlearn.plugin.turns import BREATH, Turns
from napari_unlearn.project import Project
from napari_unlearn.project.editing import FineMask
from napari_unlearn.project.history import FINE, Step

MODES = {"tool_trim": "erase", "tool_restore": "paint", "tool_fill": "fill"}
STROKES = {"erase": "trim", "paint": "restore", "fill": "remove area"}  # what undo calls them
COLLECT = 500  # milliseconds between two looks at what the background could not save


class Refining(QObject):
    """Shows the case in hand and follows the brush.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._page = bench.dock.refine
        self._overlay: ForgetOverlay | None = None
        self._fine_layer = None
        self._outlined: FineMask | None = None  # whose coarse mask is shown
        self._page.brush_size_requested.connect(self._set_brush_size)
        bench.viewer.layers.events.removed.connect(self._on_removed)
        self._turns = Turns(self)
        self._collect = QTimer(self)
        self._collect.setInterval(COLLECT)
        self._collect.timeout.connect(lambda: bench.project.collect())

    @property
    def adding(self) -> bool:
        """Whether the first layers are still being added, one after another; in the end they show what is looked at."""
        return self._turns.busy

    def follow(self, project: Project) -> None:
        """Show what is undone, and what the background has to say."""
        project.mask_changed.connect(self._on_mask_changed)
        project.mask_saved.connect(lambda _: self._tell_saved(True))  # also what was accepted or removed at once
        project.noted.connect(self._bench.dock.messages.note)
        self._collect.start()

    def show(self, case: Case) -> None:
        """Put the case in hand into layers."""
        editing, image = self._bench.project.editing, self._bench.project.image
        assert editing is not None
        assert image is not None
        self._release()
        first = self._bench.book.find(Role.FINE) is None
        self._bench.book.show_image(image, self._bench.project.spacing, visible=not first)
        if first:
            # A new image was added without being drawn or selected: each of these takes long.
            book = self._bench.book
            self._turns.start(book.reveal, book.select_image, self._begin, self._go_on, self._end, breath=BREATH)
        else:
            self._turns.stop()
            self._show_outline()
            self._attach()
        self._bench.viewer.reset_view()
        self._page.show_saved("")
        if editing.outside:
            self._bench.dock.messages.note(
                f"{editing.outside:,} pixels of the fine mask of {case.id} lie outside its coarse mask.",
                "They are kept until you decide; a fine mask should lie inside the coarse one.",
                "Remove them",
                self._trim_outside,
            )

    def _begin(self) -> None:
        # The project may have been closed since.
        if self._bench.project.editing is not None:
            self._show_outline()

    def _go_on(self) -> None:
        if self._bench.project.editing is not None and self._overlay is None:
            self._show_fine(visible=Role.FINE in self._bench.looking)

    def _end(self) -> None:
        if self._bench.project.editing is not None and self._overlay is None:
            self._show_outline()
            self._attach(visible=Role.ARTEFACTS in self._bench.looking)
        self._bench.book.show_only(self._bench.looking)

    def _show_outline(self) -> None:
        editing, book = self._bench.project.editing, self._bench.book
        assert editing is not None
        if self._outlined is not editing or book.find(Role.COARSE) is None:
            book.show_coarse(editing.coarse, self._bench.switching.ring(editing))
            self._outlined = editing

    def enter(self) -> None:
        """Get ready to brush: layers that were deleted come back, and the brush trims."""
        editing = self._bench.project.editing
        if editing is None:
            return
        book = self._bench.book
        if book.find(Role.IMAGE) is None and self._bench.project.image is not None:
            book.show_image(self._bench.project.image, self._bench.project.spacing)
        self._show_outline()
        if self._overlay is None:
            self._attach()
        book.show_only([Role.COARSE, Role.FINE, Role.ARTEFACTS])
        if not self._bench.project.read_only:
            self.use_tool("tool_trim")

    def leave(self) -> None:
        """Put the brush down, so that a click on another page paints nothing."""
        if self._fine_layer is not None and self._fine_layer in self._bench.viewer.layers:
            self._fine_layer.mode = "pan_zoom"

    def use_tool(self, key: str) -> None:
        """Take a tool in hand.

        Raises
        ------
        UserError
            The project is open for reading only.
        """
        editing = self._bench.project.editing
        if editing is None:
            return
        if self._bench.project.read_only:
            raise UserError(self._bench.project.read_only)
        if self._overlay is None:
            self._attach()
        layer = self._fine_layer
        layer.visible = True
        self._bench.viewer.layers.selection.active = layer
        layer.selected_label = editing.class_id if key == "tool_restore" else 0
        layer.mode = MODES[key]
        self._page.show_tool(key)

    def undo(self) -> None:
        """Take back the last step on this case, of this session or an earlier one."""
        self._tell_step("Undone", self._bench.project.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        self._tell_step("Done again", self._bench.project.redo())

    def start_from_coarse(self) -> None:
        """Put the coarse mask back, as one step that can be undone."""
        editing = self._bench.project.editing
        if editing is not None:
            self._tell_saved(self._bench.project.replace(FINE, editing.coarse, "start from coarse"))

    def toggle_artefacts(self) -> None:
        """Hide or show the dilation artefacts, to see what lies under them."""
        layer = self._bench.book.find(Role.ARTEFACTS)
        if layer is not None:
            layer.visible = not layer.visible

    def done(self) -> None:
        """Call the case refined and go on to the next that is not and has a lesion."""
        project = self._bench.project
        if not project.finish():
            return
        messages = self._bench.dock.messages
        unrefined = self._bench.unrefined
        unrefined.go(unrefined.waiting(), lambda said: messages.done(said, "Continue to Unlearn."))

    def _attach(self, visible: bool = True) -> None:
        editing, case = self._bench.project.editing, self._bench.project.case
        assert editing is not None
        assert case is not None
        layer = self._show_fine()
        if self._bench.project.read_only:
            layer.editable = False
        # napari's own history knows one session and no button; ours knows everything.
        for key, action in (("Control-Z", self.undo), ("Control-Shift-Z", self.redo)):
            layer.bind_key(key, lambda _, action=action: self._bench.attempt(action), overwrite=True)
        artefacts = self._bench.switching.artefacts(editing)
        if artefacts is None:
            artefacts = dilation_artefacts(editing.coarse, editing.fine)
        overlay_layer = self._bench.book.show_artefacts(artefacts.view(np.uint8), visible)
        self._overlay = ForgetOverlay(
            editing, self._fine_layer, overlay_layer, self._page.show_artefacts, self._on_stroke, artefacts
        )
        self._page.show_artefacts(*self._overlay.count)
        self._bench.project.lesion_free.note({case.id: not self._overlay.count[1]})
        self._fine_layer.events.mode.connect(self._on_mode)
        self._fine_layer.events.brush_size.connect(self._on_brush_size)
        self._page.show_brush_size(round(layer.brush_size))

    def _show_fine(self, visible: bool = True) -> Any:
        editing = self._bench.project.editing
        assert editing is not None
        first = self._bench.book.find(Role.FINE) is None
        self._fine_layer = layer = self._bench.book.show_fine(editing.fine, visible)
        if first:
            wish = self._bench.preferences.brush_size
            layer.brush_size = wish or max(4, round(max(editing.fine.shape) / 16))
        return layer

    def _release(self) -> None:
        if self._overlay is not None:
            self._overlay.stop()
            self._fine_layer.events.mode.disconnect(self._on_mode)
            self._fine_layer.events.brush_size.disconnect(self._on_brush_size)
        self._overlay = None

    def _on_stroke(self) -> None:
        what = STROKES.get(str(self._fine_layer.mode), "brush")
        self._tell_saved(self._bench.project.record(what))

    def _tell_saved(self, saved: bool) -> None:
        self._page.show_saved(f"✓ Saved at {datetime.now():%H:%M:%S}" if saved else "Not saved")

    def _tell_step(self, done: str, step: Step | None) -> None:
        self._page.show_saved(f"{done}: {step.what}" if step is not None else "There is nothing more.")

    def _on_mask_changed(self, layer: str, rectangle: Rectangle) -> None:
        if layer == FINE and self._overlay is not None:
            self._overlay.refresh(rectangle)

    def _trim_outside(self) -> None:
        project = self._bench.project
        editing = project.editing
        if editing is not None and self._overlay is not None and editing.trim_outside():
            self._tell_saved(project.record("remove outside"))
            self._overlay.refresh()

    def _set_brush_size(self, size: int) -> None:
        if self._fine_layer is not None:
            self._fine_layer.brush_size = size

    def _on_brush_size(self) -> None:
        self._page.show_brush_size(round(self._fine_layer.brush_size))

    def _on_mode(self) -> None:
        self._page.show_tool(tool_of(self._fine_layer))

    def _on_removed(self, event: object) -> None:
        # The user deleted a layer: stop following it. It is made again when step 2 is entered or a tool is taken.
        book = self._bench.book
        if self._overlay is not None and (book.find(Role.FINE) is None or book.find(Role.ARTEFACTS) is None):
            self._release()


def tool_of(layer: Any) -> str | None:
    """Key of the tool that a Labels layer has in hand, None for any other mode of napari."""
    return next((key for key, mode in MODES.items() if mode == str(layer.mode)), None)
