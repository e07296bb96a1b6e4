"""What napari opens from *Plugins > Unlearn*: the dock with its controller, at home in the viewer's theme."""

from __future__ import annotations

import weakref
from typing import Any

from napari.settings import get_settings
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMainWindow

from napari_unlearn.plugin import warm
from napari_unlearn.plugin.canvas_context import free_in_canvas
from napari_unlearn.plugin.closing import Closing
from napari_unlearn.plugin.controller import Controller
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.garbage import SetAside
from napari_unlearn.plugin.preferences import PLUGIN
from napari_unlearn.plugin.runner import ThreadRunner
from napari_unlearn.plugin.style import theme

TITLE = "Unlearn"
WARM_AFTER = 300  # milliseconds; the window draws first


class UnlearnWidget(Dock):
    """The dock.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Passed by napari.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.controller = Controller(napari_viewer, self, ThreadRunner(self))
        self._aside = SetAside(napari_viewer, self)
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.timeout.connect(self._warm_up)
        bench = self.controller.bench
        self._closing = Closing(
            self, lambda: bench.task.state.busy, lambda: bench.project.unsaved if bench.has_project else ()
        )
        self._wear_theme()
        napari_viewer.events.theme.connect(self._wear_theme)
        self._follow_font()
        self.shown.connect(self._on_first_shown)
        controller = self.controller
        self.destroyed.connect(lambda: controller.stop())  # a bound method would be disconnected before
        self.shown.connect(self._closing.watch)
        QApplication.instance().aboutToQuit.connect(self._on_quit)

    def _on_first_shown(self) -> None:
        self.shown.disconnect(self._on_first_shown)
        window = self.window()
        if isinstance(window, QMainWindow):
            free_in_canvas(self._viewer.layers, window.centralWidget())
        self._warm.start(WARM_AFTER)

    def _warm_up(self) -> None:
        warm.start(self.controller.bench.runner, self._on_warm)

    def _on_warm(self, reasons: warm.Reasons) -> None:
        warm.draw_brush(self._viewer)
        self._aside.begin()
        self.unlearn.devices.show_unavailable(reasons)

    def _on_quit(self) -> None:
        self.controller.stop()

    def _follow_font(self) -> None:
        changed, here = get_settings().appearance.events.font_size, weakref.ref(self)  # the settings outlive the dock

        def wear(event: object = None) -> None:
            dock = here()
            if dock is not None:
                dock._wear_theme()
                dock.controller.history._wear_theme()

        changed.connect(wear)
        self.destroyed.connect(lambda: changed.disconnect(wear))

    def _wear_theme(self, event: object = None) -> None:
        self.apply_theme(theme(self._viewer.theme))


def open_in(viewer: Any) -> UnlearnWidget:
    """Open the dock in `viewer`, or find the one that is open.

    Parameters
    ----------
    viewer : napari.Viewer
        The viewer.

    Returns
    -------
    UnlearnWidget
    """
    _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, TITLE)
    return widget
