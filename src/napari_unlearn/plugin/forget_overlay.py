"""The dilation artefacts of the mask that is being brushed and their number, up to date with every mouse event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_unlearn.masks import dilation_artefacts, update_artefacts
from napari_unlearn.masks.class_ids import BoolMask
from napari_unlearn.plugin.painting import PaintWatch, Rectangle, repaint
from napari_unlearn.project.editing import FineMask


class ForgetOverlay:
    """Ties the layer of a fine mask to the layer of its dilation artefacts.

    Parameters
    ----------
    editing : FineMask
        The mask in hand; `fine_layer.data` is its array.
    fine_layer, overlay_layer : napari.layers.Labels
        Where the user paints, and where the artefacts show.
    counted : callable
        Called with the number of artefact pixels and of coarse pixels whenever they may have changed.
    finished : callable
        Called when a stroke is complete and has changed something, which `FineMask` holds as settled.
    artefacts : ndarray of bool, shape (H, W), optional
        The dilation artefacts, where they are known and `overlay_layer` shows this very array; changed in place.
    """

    def __init__(
        self,
        editing: FineMask,
        fine_layer: Any,
        overlay_layer: Any,
        counted: Callable[[int, int], None],
        finished: Callable[[], None],
        artefacts: BoolMask | None = None,
    ) -> None:
        self._editing = editing
        self._fine_layer = fine_layer
        self._overlay_layer = overlay_layer
        self._counted = counted
        self._finished = finished
        if artefacts is None:
            artefacts = dilation_artefacts(editing.coarse, editing.fine)
            overlay_layer.data = artefacts.view(np.uint8)
        self._artefacts = artefacts
        self._coarse_pixels = int(np.count_nonzero(editing.coarse))
        self._count = int(np.count_nonzero(self._artefacts))
        self._watch = PaintWatch(fine_layer, self._on_changed, self._on_finished)

    @property
    def count(self) -> tuple[int, int]:
        """Number of artefact pixels and of pixels of the coarse mask."""
        return self._count, self._coarse_pixels

    def refresh(self, rectangle: Rectangle | None = None) -> None:
        """Catch up with a mask that was changed from outside; a hidden layer would send no event for it.

        Parameters
        ----------
        rectangle : tuple of two slices, optional
            Where it was changed; anywhere by default.
        """
        repaint(self._fine_layer, rectangle)
        self._follow(rectangle)
        self._on_finished()

    def stop(self) -> None:
        """Let the layers go."""
        self._watch.stop()

    def _on_changed(self, rectangle: Rectangle | None) -> None:
        if rectangle is None:
            self._adopt_new_data()
            if self._editing.plane.at_rest:
                return  # napari has drawn the same mask again
        self._follow(rectangle)

    def _follow(self, rectangle: Rectangle | None) -> None:
        area = rectangle or (slice(0, self._artefacts.shape[0]), slice(0, self._artefacts.shape[1]))
        self._editing.touch(rectangle)
        if self._editing.clip(area):
            repaint(self._fine_layer, rectangle)
        self._count += update_artefacts(self._editing.coarse, self._editing.fine, self._artefacts, area)
        repaint(self._overlay_layer, rectangle)
        self._counted(self._count, self._coarse_pixels)

    def _on_finished(self) -> bool:
        changed = self._editing.settle()
        if changed:
            self._finished()
        return changed

    def _adopt_new_data(self) -> None:
        # Somebody assigned another array to the layer: its content is taken over, its identity is not.
        data = self._fine_layer.data
        fine = self._editing.fine
        if data is fine:
            return
        if data.shape == fine.shape:
            fine[...] = np.clip(data, 0, 255)
        self._fine_layer.data = fine
