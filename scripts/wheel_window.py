"""Try what a wheel brings to napari, where it is installed with an extra for the window:

ENVIRONMENT/bin/python -P scripts/wheel_window.py manifest   napari finds a valid manifest; needs no screen
ENVIRONMENT/bin/python -P scripts/wheel_window.py window     the window opens, with the dock and the sample in it
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

PLUGIN = "napari-unlearn"
SECONDS = 600  # how long the sample may take to appear, on a machine that is very busy


def manifest() -> str:
    from npe2 import PluginManager

    manager = PluginManager.instance()
    manager.discover()
    found = manager.get_manifest(PLUGIN)  # raises where none was found
    found.validate_imports()  # every command names something that can be imported
    offered = found.contributions
    names = ("commands", "widgets", "readers", "writers", "sample_data")
    return "The manifest is valid: " + ", ".join(f"{len(getattr(offered, name) or ())} {name}" for name in names) + "."


def window() -> str:
    import napari
    from qtpy.QtWidgets import QApplication, QTableView

    from napari_unlearn.plugin.widget import TITLE

    viewer = napari.Viewer()
    dock, widget = viewer.window.add_plugin_dock_widget(PLUGIN, TITLE)
    widget.controller.perform("open_sample")
    cases = widget.findChild(QTableView, "cases")
    end = time.monotonic() + SECONDS
    while not (dock.isVisible() and cases.isVisible() and cases.model().rowCount() and len(viewer.layers)):
        if time.monotonic() > end:
            raise SystemExit(f"The window did not show the sample within {SECONDS} s.")
        QApplication.processEvents()
        time.sleep(0.01)
    shown = f"The window shows the dock, {cases.model().rowCount()} cases and {len(viewer.layers)} layers."
    viewer.close()
    return shown


if __name__ == "__main__":
    import napari_unlearn

    assert Path(napari_unlearn.__file__).is_relative_to(sys.prefix), napari_unlearn.__file__
    print({"manifest": manifest, "window": window}[sys.argv[1]](), file=sys.stderr)
