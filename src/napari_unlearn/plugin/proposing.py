"""Controller of proposals: asks for them in the background, shows them, and hands what is accepted to the document."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject

from napari_unlearn.jobs.events import Done, Event, Failed
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import Role
from napari_unlearn.plugin.proposal_layer import ProposalLayer
from napari_unlearn.plugin.proposal_texts import FLAGS, METHODS
from napari_unlearn.plugin.refining import MODES, tool_of
from napari_unlearn.plugin.task import Task
from napari_unlearn.project import history

# What each change of the outline is called, and what does it: module, function, whether it takes a radius.
CHANGES = {
    "grow": ("grown", "napari_unlearn.masks", "coarsen_dilate", True),
    "shrink": ("shrunk", "napari_unlearn.masks.morphology", "shrink", True),
    "smooth": ("smoothed", "napari_unlearn.masks.morphology", "smooth", True),
    "fill_holes": ("without holes", "napari_unlearn.masks.morphology", "fill_holes", False),
}


class Proposing(QObject):
    """At most one proposal for the case in hand.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._section = bench.dock.refine.proposals
        self._section.show_methods(METHODS)
        self._section.nesting_changed.connect(lambda inside: bench.attempt(lambda: self.keep_inside(inside)))
        self._shown = ProposalLayer(bench.viewer)
        self._flag = 0  # of the artefact that is proposed, 0 for a fine mask
        self._what = ""
        self._inside = True
        self.task = Task(bench.runner, self)
        self.task.ended.connect(self._on_ended)
        bench.viewer.layers.events.removed.connect(self._on_removed)

    def follow(self) -> None:
        """Start anew on another data set."""
        self.task.abandon()
        self.close()

    def look(self) -> None:
        """Drop what was proposed for the case before."""
        self.task.abandon()
        self._section.show_busy(False)
        self.close()
        editing = self._bench.project.editing
        if editing is not None and editing.kept_inside != self._inside:
            editing.keep_inside(self._inside)
        self._section.show_inside(self._inside)
        self.count_outside()

    def propose(self) -> None:
        """Ask the chosen method."""
        project = self._bench.project
        if project.editing is None or project.image is None:
            return
        name = self._section.method
        title = next(title for key, title, _ in METHODS if key == name)
        if name in FLAGS:
            self._ask(title, FLAGS[name], "napari_unlearn.proposals.artefacts", "propose", (project.image, name))
            return
        from napari_unlearn.proposals.outlines import OutlineRequest

        request = OutlineRequest(name, project.image, project.editing.coarse, project.model)
        self._ask(title, 0, "napari_unlearn.proposals.outlines", "propose", (request,))

    def change(self, key: str) -> None:
        """Propose what is proposed, or else the fine mask, with another outline."""
        editing = self._bench.project.editing
        if editing is None:
            return
        layer = self._shown.layer
        flag = self._flag if layer is not None else 0
        mask = editing.fine if layer is None else layer.data
        done, module, function, takes_radius = CHANGES[key]
        before = self._what if layer is not None else "Fine mask"
        arguments = (mask.copy(), self._section.radius) if takes_radius else (mask.copy(),)
        self._ask(f"{before}, {done}", flag, module, function, arguments)

    def accept(self) -> None:
        """Take what is proposed, as it was brushed since, into the document; one step that undo takes back."""
        layer, project = self._shown.layer, self._bench.project
        if layer is None:
            return
        what = f"accept {self._what[:1].lower()}{self._what[1:]}"
        if self._flag:
            plane = project.artefacts
            flags = plane.array & ~np.uint8(self._flag)
            project.replace(history.ARTEFACTS, flags | np.where(layer.data > 0, self._flag, 0).astype(np.uint8), what)
        else:
            project.replace(history.FINE, np.asarray(layer.data, np.uint8), what)
        self.close()

    def close(self) -> None:
        """Take the proposal away; the document stays as it is, and the brush is one for the fine mask again."""
        layer, fine = self._shown.layer, self._bench.book.find(Role.FINE)
        in_hand = layer is not None and layer == self._bench.viewer.layers.selection.active
        self._shown.close()
        if in_hand and fine is not None:
            self._bench.viewer.layers.selection.active = fine
            self._bench.dock.refine.show_tool(tool_of(fine))
        self._section.show_proposal("")

    def leave(self) -> None:
        """Put the brush down, so that a click on another page paints nothing."""
        if self._shown.layer is not None:
            self._shown.layer.mode = "pan_zoom"

    def use_tool(self, key: str) -> bool:
        """Take a brush in hand for the proposal; False where there is none, so that it is one for the fine mask."""
        layer = self._shown.layer
        if layer is None or layer != self._bench.viewer.layers.selection.active:
            return False
        layer.selected_label = self._label() if key == "tool_restore" else 0
        layer.mode = MODES[key]
        self._bench.dock.refine.show_tool(key)
        return True

    def keep_inside(self, inside: bool) -> None:
        """Let the fine mask of the case in hand leave the coarse one, or not any more; what is outside stays."""
        self._inside = inside
        self._section.show_inside(inside)
        editing = self._bench.project.editing
        if editing is not None:
            editing.keep_inside(inside)
        self.count_outside()

    def count_outside(self) -> None:
        """Show how much of the fine mask lies outside the coarse one."""
        editing = self._bench.project.editing
        self._section.show_outside(0 if editing is None else editing.outside)

    def trim_outside(self) -> None:
        """Remove what lies outside, as one step that undo takes back."""
        editing = self._bench.project.editing
        if editing is not None and editing.outside:
            inside = np.where(editing.coarse > 0, editing.fine, 0).astype(np.uint8)
            self._bench.project.replace(history.FINE, inside, "remove outside")
            self.keep_inside(self._inside)

    def _ask(self, what: str, flag: int, module: str, function: str, arguments: tuple[Any, ...]) -> None:
        self._asked = what, flag
        self._section.show_busy(True)
        self.task.restart(calls.events, calls.Call(module, function, arguments, "Looking for a proposal"))

    def _on_ended(self, event: Event) -> None:
        self._section.show_busy(False)
        if isinstance(event, Done):
            self._what, self._flag = self._asked
            self._show(np.asarray(event.result).astype(np.uint8))
        elif isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)

    def _show(self, mask: NDArray[np.uint8]) -> None:
        image = self._bench.book.find(Role.IMAGE)
        editing = self._bench.project.editing
        if image is None or editing is None or mask.shape != editing.fine.shape:
            return
        held = self._shown.layer or self._bench.book.find(Role.FINE)
        tool = None if held is None else tool_of(held)
        self._shown.show(mask, image, self._label())
        fine = self._bench.book.find(Role.FINE)
        if fine is not None:
            self._shown.layer.brush_size = fine.brush_size
        self._bench.viewer.layers.selection.active = self._shown.layer
        if tool is not None:
            self.use_tool(tool)  # what was in hand stays in hand
        self._section.show_proposal(f"{self._what}: {self._difference(mask)}")

    def _difference(self, mask: NDArray[np.uint8]) -> str:
        editing = self._bench.project.editing
        assert editing is not None
        if self._flag:
            return f"{np.count_nonzero(mask):,} pixels, {np.count_nonzero(mask) / mask.size:.1%} of the image."
        removed = np.count_nonzero((editing.fine > 0) & (mask == 0))
        added = np.count_nonzero((editing.fine == 0) & (mask > 0))
        said = f"removes {removed:,} and adds {added:,} pixels."
        stray = np.count_nonzero((mask > 0) & (editing.coarse == 0))
        if stray:
            rest = "are left out" if self._inside else "lie outside the coarse mask"
            said += f" {stray:,} of them {rest}." if not self._inside else f" {stray:,} outside the coarse mask {rest}."
        return said

    def _label(self) -> int:
        editing = self._bench.project.editing
        return 1 if self._flag or editing is None else editing.class_id

    def _on_removed(self, event: object) -> None:
        if self._shown.layer is None:
            self._section.show_proposal("")
