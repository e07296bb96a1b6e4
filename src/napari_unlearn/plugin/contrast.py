"""Controller of the views that hold two predictions against each other: split with a line to drag, and difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import CONTRASTS, Role
from napari_unlearn.plugin.painting import repaint
from napari_unlearn.plugin.picture_pairs import Mask, difference, fill_split
from napari_unlearn.plugin.predicting import Predicting

GRAB = 8  # pixels of the screen on either side of the line where it can be taken
THICK = 2  # pixels of the screen


class Contrast(QObject):
    """Makes the one layer of the view that is wanted, from what is known of both models, and takes it away again.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    predicting : Predicting
        Who knows the predictions.
    """

    moved = Signal(float)  # the line, as a share of the width from the left

    def __init__(self, bench: Bench, predicting: Predicting) -> None:
        super().__init__(bench)
        self._bench = bench
        self._predicting = predicting
        self._wanted: Role | None = None
        self._share = 0.5
        self._drawn: tuple[int, int] = (0, 1)  # first column and width of the line as it is drawn
        predicting.shown.connect(self.refresh)
        bench.viewer.mouse_drag_callbacks.append(self._drag)

    def look(self, role: Role | None) -> None:
        """Show the layer of `role`; None takes both away."""
        self._wanted = role
        self.refresh()

    def refresh(self) -> None:
        """Make the layer anew, because the case or a model has changed."""
        book, pair = self._bench.book, self._predicting.pair
        book.remove([role for role in CONTRASTS if role is not self._wanted or pair is None])
        if self._wanted is None or pair is None:
            return
        if self._wanted is Role.DIFFERENCE:
            layer = book.show_prediction(Role.DIFFERENCE, difference(*pair))
        else:
            picture = np.empty_like(pair[0])
            self._drawn = self._line(picture.shape[1])
            fill_split(picture, *pair, slice(None), *self._drawn)
            layer = book.show_prediction(Role.SPLIT, picture)
        layer.visible = True

    def move(self, share: float) -> None:
        """Put the line at a share of the width from the left, and draw only what that changes."""
        self._share = min(max(share, 0.0), 1.0)
        layer, pair = self._bench.book.find(Role.SPLIT), self._predicting.pair
        if layer is not None and pair is not None and layer.data.shape == pair[0].shape:
            picture: Mask = layer.data
            old, width = self._drawn
            self._drawn = self._line(picture.shape[1])
            ends = (old, old + width, self._drawn[0], sum(self._drawn))
            columns = slice(max(0, min(ends)), min(picture.shape[1], max(ends)))
            fill_split(picture, *pair, columns, *self._drawn)
            repaint(layer, (slice(0, picture.shape[0]), columns))
        self.moved.emit(self._share)

    def _line(self, columns: int) -> tuple[int, int]:
        width = max(1, round(THICK / self._pixels_per_column()))
        return min(round(self._share * columns), max(0, columns - width)), width

    def _pixels_per_column(self) -> float:
        image = self._bench.book.find(Role.IMAGE)
        return float(self._camera.zoom * (1.0 if image is None else image.scale[-1]))

    @property
    def _camera(self) -> Any:
        viewer = self._bench.viewer
        return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera

    def _drag(self, viewer: Any, event: Any) -> Iterator[None]:
        layer = self._bench.book.find(Role.SPLIT)
        if layer is None or not layer.visible or event.button != 1:
            return
        line = self._drawn[0] + self._drawn[1] / 2
        if abs(layer.world_to_data(event.position)[-1] - line) * self._pixels_per_column() > GRAB:
            return
        camera = self._camera
        camera.mouse_pan = False  # the image must not come along
        try:
            yield
            while event.type == "mouse_move":
                self.move(layer.world_to_data(event.position)[-1] / layer.data.shape[1])
                yield
        finally:
            camera.mouse_pan = True
