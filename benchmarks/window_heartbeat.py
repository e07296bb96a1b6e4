"""How long the window is ever stuck while a job runs: gaps between the beats of a 5 ms timer, idle and unlearning.

    python benchmarks/window_heartbeat.py [FOLDER]

FOLDER holds dataset/ and model/, the shipped sample by default. Needs a screen, `xvfb-run` is one.
"""

# ruff: noqa: TID251 - what is measured here is the window

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BEAT = 5  # milliseconds


def main() -> None:
    """Measure warm-up, opening, idling, one exact run and its evaluation."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        print("There is no screen; run this under xvfb-run.")
        return
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import napari
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    from napari_unlearn.errors import UserError
    from napari_unlearn.plugin.widget import open_in

    gaps: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(1000 * (now - last))
        last = now

    def report(name: str) -> None:
        late = np.array(gaps[1:])
        print(
            f"{name:<10} {len(late):5d} beats  median {np.median(late):6.1f} ms  95 % {np.quantile(late, 0.95):6.1f} ms"
            f"   99 % {np.quantile(late, 0.99):6.1f} ms   longest {late.max():6.1f} ms"
        )
        gaps.clear()

    def until(condition: object, seconds: float = 600) -> None:
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:  # type: ignore[operator]
            QApplication.processEvents()
            time.sleep(0.001)

    def wait(seconds: float) -> None:
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() > end)

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            source = Path(sys.argv[1]) if len(sys.argv) > 1 else _sample()
        except UserError as error:
            print(error)
            return
        for part in ("dataset", "model"):
            shutil.copytree(source / part, work / part)
        viewer = napari.Viewer()
        controller = open_in(viewer).controller
        bench = controller.bench
        timer = QTimer()
        timer.timeout.connect(beat)
        wait(2)
        timer.start(BEAT)
        last = time.perf_counter()
        wait(8)
        report("warm-up")
        controller.opening.open(work / "dataset", work / "model")
        until(lambda: bench.has_project and bench.project.case is not None)
        until(lambda: not controller.predicting.task.state.busy)
        report("open")
        wait(5)
        report("idle")
        controller.perform("unlearn")
        until(lambda: not bench.task.state.busy or bench.project.previous is not None)
        report("unlearn")
        until(lambda: not bench.task.state.busy)
        report("measure")
        timer.stop()
        viewer.close()


def _sample() -> Path:
    from napari_unlearn.data.sample import sample_folder

    return sample_folder()


if __name__ == "__main__":
    main()
