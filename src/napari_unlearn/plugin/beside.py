"""A second canvas for the prediction after, beside that of the prediction before, with cameras that move as one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image
from napari.qt import QtViewer
from psygnal import EmitLoopError
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.canvas_context import free_in_canvas
from napari_unlearn.plugin.layers import GEOMETRY, Role
from napari_unlearn.plugin.lean_labels import lean_labels
from napari_unlearn.plugin.predicting import Predicting

TITLE = "After"
ROLES = (Role.IMAGE, Role.AFTER, Role.COARSE)
FOLLOWED = ("center", "zoom")
FILLED = 0.92  # share of the width of a canvas that the image takes, as in napari's own view of the whole


class Beside(QObject):
    """Opens the second canvas while it is wanted; its layers are copies that share their pixels with ours.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    predicting : Predicting
        Tells when a prediction has changed.
    """

    def __init__(self, bench: Bench, predicting: Predicting) -> None:
        super().__init__(bench)
        self._bench = bench
        self.model: ViewerModel | None = None
        self.view: QtViewer | None = None
        self._place: Any = None
        self._following = False
        self._width = 0  # pixels; half of what the first canvas had
        self._shrunk = 1.0  # how much smaller the image is drawn while two canvases share the width
        self._own_width = 0  # pixels; of the dock, which must not take the place that becomes free
        self._own_caption: dict[str, Any] = {}  # what the first canvas says when it is alone
        predicting.shown.connect(self.refresh)

    def show(self) -> None:
        """Open the canvas between the first one and the dock."""
        if self.model is not None:
            self.refresh()
            return
        bench = self._bench
        self.model = ViewerModel()
        self.model.theme = bench.viewer.theme
        self.view = QtViewer(self.model)
        free_in_canvas(self.model.layers, self.view)
        self._place = bench.viewer.window.add_dock_widget(
            self.view, name=TITLE, area="right", add_vertical_stretch=False
        )
        self._place.destroyed.connect(self._forget)
        window, place, own = bench.dock.window(), _dock_of(self.view), _dock_of(bench.dock)
        if isinstance(window, QMainWindow) and place is not None and own is not None:
            self._width, self._own_width = window.centralWidget().width() // 2, own.width()
            window.splitDockWidget(place, own, Qt.Orientation.Horizontal)
            QTimer.singleShot(0, self._share_width)  # the window lays its docks out first
        caption = caption_of(bench.viewer)
        self._own_caption = {name: getattr(caption, name) for name in ("text", "position", "visible")}
        self.refresh()
        for name in FOLLOWED:
            getattr(self._camera.events, name).connect(self._follow_first)
            getattr(camera_of(self.model).events, name).connect(self._follow_second)
        self._shrink()
        self._follow_first()

    def hide(self) -> None:
        """Take the canvas away."""
        if self.model is None:
            return
        place, view = self._place, self.view
        self._forget()
        # The window may be on its way out and know its docks no more.
        with suppress(LookupError, RuntimeError, AttributeError):
            self._bench.viewer.window.remove_dock_widget(place)
            view.close()
            view.deleteLater()
            # At once: PySide keeps what is deleted before the event loop has seen it.
            QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)
            QTimer.singleShot(0, self._return_width)

    def refresh(self) -> None:
        """Show what the first canvas holds of the prediction after."""
        if self.model is None:
            return
        for role in ROLES:
            source = self._bench.book.find(role)
            own = next((layer for layer in self.model.layers if layer.name == role.value), None)
            if source is None or (own is not None and own.data is not source.data):
                if own is not None:
                    self.model.layers.remove(own)
                own = None
            if source is not None and own is None:
                options = {name: getattr(source, name) for name in GEOMETRY}
                options.update(name=role.value, opacity=source.opacity)
                layer = (
                    Image(source.data, rgb=True, **options)
                    if role is Role.IMAGE
                    else lean_labels(source.data, colormap=source.colormap, **options)
                )
                below = [other for other in self.model.layers if ROLES.index(Role(other.name)) < ROLES.index(role)]
                self.model.layers.insert(len(below), layer)
        self._write_captions()
        self._follow_first()

    @property
    def _camera(self) -> Any:
        return camera_of(self._bench.viewer)

    def _write_captions(self) -> None:
        names = ("Before", "After")
        if self._bench.pair is not None:
            names = tuple(f"{name}: {title}" for name, title in zip(names, self._bench.pair_titles, strict=True))
        for viewer, name in zip((self._bench.viewer, self.model), names, strict=True):
            caption = caption_of(viewer)
            caption.text, caption.position, caption.visible = name, "top_left", True

    def _share_width(self) -> None:
        if self.view is None:
            return
        window, place, own = self._bench.dock.window(), _dock_of(self.view), _dock_of(self._bench.dock)
        if isinstance(window, QMainWindow) and place is not None and own is not None:
            window.resizeDocks([place, own], [self._width, self._own_width], Qt.Orientation.Horizontal)

    def _shrink(self) -> None:
        """Let both canvases show as much of the image as the first one did, or all of it."""
        camera, image = self._camera, self._bench.book.find(Role.IMAGE)
        if image is None or not self._width:
            return
        whole = image.data.shape[1] * float(image.scale[-1])
        wanted = min(whole / FILLED, 2 * self._width / camera.zoom)
        self._shrunk = min(1.0, self._width / wanted / camera.zoom)
        camera.zoom *= self._shrunk

    def _return_width(self) -> None:
        window, own = self._bench.dock.window(), _dock_of(self._bench.dock)
        if self.view is None and isinstance(window, QMainWindow) and own is not None:
            window.resizeDocks([own], [self._own_width], Qt.Orientation.Horizontal)

    def _follow_first(self, event: object = None) -> None:
        if self.model is not None:
            self._follow(self._camera, camera_of(self.model))

    def _follow_second(self, event: object = None) -> None:
        if self.model is not None:
            self._follow(camera_of(self.model), self._camera)

    def _follow(self, leader: Any, follower: Any) -> None:
        if self._following:
            return
        self._following = True
        try:
            for name in FOLLOWED:
                setattr(follower, name, getattr(leader, name))
        finally:
            self._following = False

    def _forget(self) -> None:
        if self.model is not None:
            for name in FOLLOWED:
                getattr(self._camera.events, name).disconnect(self._follow_first)
            self._camera.zoom /= self._shrunk
            self._shrunk = 1.0
            caption = caption_of(self._bench.viewer)
            # The window may be on its way out, its canvas gone before it.
            with suppress(EmitLoopError, RuntimeError):
                for name, value in self._own_caption.items():
                    setattr(caption, name, value)
        self.model = self.view = self._place = None


def camera_of(viewer: Any) -> Any:
    """Camera of a viewer; since napari 0.9 it belongs to the scene."""
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera


def caption_of(viewer: Any) -> Any:
    """Text over the picture of a viewer; since napari 0.9 it belongs to the canvas."""
    return viewer.canvas.overlays.text if hasattr(viewer, "canvas") else viewer.text_overlay


def _dock_of(widget: QWidget) -> QDockWidget | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
