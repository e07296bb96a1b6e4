"""How long the window is ever stuck: gaps between the beats of a 5 ms timer, idle, brushing, with Live, and unlearning.

    python benchmarks/window_heartbeat.py [FOLDER] [--until PHASE]

FOLDER holds dataset/ and model/, the shipped sample by default. Needs a screen, `xvfb-run` is one. On Linux what other
programs took is told apart: `own` is the longest gap less the time in it for which the window's thread was ready to run
and had no processor. `brush` and `live` paint the same strokes, without and with Live.
"""

# ruff: noqa: TID251 - what is measured here is the window

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

BEAT = 5  # milliseconds
STROKES = 8


def waited() -> float:
    """Seconds for which this thread has been ready to run and had no processor; 0 where nobody counts them."""
    try:
        return int(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


class Heartbeat:
    """Gaps between the beats of a timer in the window's thread."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self.gaps: list[tuple[float, float]] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._last = time.perf_counter(), waited()

    def start(self) -> None:
        """Begin to beat."""
        self._timer.start(BEAT)
        self._last = time.perf_counter(), waited()

    def stop(self) -> None:
        """Beat no more."""
        self._timer.stop()

    def report(self, name: str) -> None:
        """Print what was measured since the last report."""
        late, own = np.array(self.gaps[1:]).T
        print(
            f"{name:<10} {len(late):5d} beats  median {np.median(late):6.1f} ms  95 % {np.quantile(late, 0.95):6.1f} ms"
            f"   99 % {np.quantile(late, 0.99):6.1f} ms   longest {late.max():6.1f} ms   own {own.max():6.1f} ms"
            f"   over 50 ms: {int((own > 50).sum())}   load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        self.gaps.clear()

    def _beat(self) -> None:
        now = time.perf_counter(), waited()
        gap = 1000 * (now[0] - self._last[0])
        self.gaps.append((gap, gap - 1000 * (now[1] - self._last[1])))
        self._last = now


def until(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Let the window work until something holds."""
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def wait(seconds: float) -> None:
    """Let the window work for a while."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def has_screen() -> bool:
    """Whether there is a screen; says so where there is none."""
    there = sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if not there:
        print("There is no screen; run this under xvfb-run.")
    return there


def main() -> None:
    """Measure warm-up, opening, idling, brushing without and with Live, one exact run and its evaluation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--until", choices=("idle", "live", "measure"), default="measure", help="the last phase")
    options = parser.parse_args()
    if not has_screen():
        return
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import napari

    from napari_unlearn.errors import UserError
    from napari_unlearn.plugin.layers import Role
    from napari_unlearn.plugin.widget import open_in

    def brush(number: int) -> None:
        """Take a little off the rim of the fine mask, a movement of the mouse at a time."""
        layer = bench.book.find(Role.FINE)
        layer.brush_size = 14
        rows, columns = np.nonzero(layer.data)
        row, column = int(np.quantile(rows, (number + 1) / (STROKES + 2))), int(columns.min())
        with layer.block_history():
            for shift in range(0, 30, 3):
                layer.paint((row, column + shift), 0)
                wait(0.016)
        wait(0.5)

    def settled() -> bool:
        state = controller.live.state
        return state is not None and state.generation == controller.live._inbox._generation and not state.due

    def unlearn() -> None:
        controller.perform("unlearn")
        until(lambda: not bench.task.state.busy or bench.project.previous is not None)
        heart.report("unlearn")
        until(lambda: not bench.task.state.busy)
        wait(1)  # the layers come one by one
        heart.report("measure")

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            source = options.folder or _sample()
        except UserError as error:
            print(error)
            return
        for part in ("dataset", "model"):
            shutil.copytree(source / part, work / part)
        viewer = napari.Viewer()
        controller = open_in(viewer).controller
        bench = controller.bench
        heart = Heartbeat()
        wait(2)
        heart.start()
        wait(8)
        heart.report("warm-up")
        controller.opening.open(work / "dataset", work / "model")
        until(lambda: bench.has_project and bench.project.case is not None)
        until(lambda: not controller.predicting.task.state.busy)
        heart.report("open")
        wait(5)
        heart.report("idle")
        if options.until != "idle":
            refined = next(case for case in bench.project.dataset.split("train") if case.is_refined)
            bench.project.select(refined.id)
            controller.perform("go_refine")
            wait(2)
            heart.gaps.clear()
            for number in range(STROKES):
                brush(number)
            heart.report("brush")
            controller.perform("live")
            until(settled)
            heart.report("live on")
            for number in range(STROKES):
                brush(number)
                until(settled)
            wait(2)
            heart.report("live")
            controller.perform("live")
            wait(1)
            heart.gaps.clear()
        if options.until == "measure":
            unlearn()
        heart.stop()
        viewer.close()


def _sample() -> Path:
    from napari_unlearn.data.sample import sample_folder

    return sample_folder()


if __name__ == "__main__":
    main()
