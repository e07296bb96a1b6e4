"""``python -m napari_unlearn.plugin FOLDER [--model MODEL]``: napari with the dock open on a data set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import napari
from napari.utils.notifications import notification_manager

from napari_unlearn.plugin.widget import open_in


def main(arguments: list[str] | None = None) -> int:
    """Open the window and stay until it is closed.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line by default.

    Returns
    -------
    int
        Exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m napari_unlearn.plugin", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="data set folder; the sample by default")
    parser.add_argument("--model", type=Path, help="model folder to use")
    options = parser.parse_args(arguments)
    # PyQt6 ends the process on an exception in a slot unless somebody listens.
    sys.excepthook = notification_manager.receive_error
    viewer = napari.Viewer(title="Unlearn")
    controller = open_in(viewer).controller
    if options.folder is None:
        controller.opening.open_sample()
    else:
        controller.opening.open(options.folder, options.model)
    napari.run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
