"""What an image of 24 megapixels costs beside one of 0.8: opening, going on, and painting.

    python benchmarks/large_images.py [--strokes N]

Draws two data sets of two cases and opens each in the window, without a model. `callback` is the time from a movement
of the brush, as napari tells of it, to the overlay and its numbers; the brush has the same number of pixels on both
images, or the same share of the image (`scaled`, the size that the window starts with). Gaps as in window_heartbeat.py.
Needs a screen, `xvfb-run` is one.
"""

# ruff: noqa: TID251 - what is measured here is the window

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from window_heartbeat import Heartbeat, has_screen, until, wait

SHAPES = {"0.8 MP": (768, 1024), "24 MP": (4000, 6000)}
BRUSH = 40  # pixels
MOVES = 40  # of the mouse, in a stroke


def write(folder: Path, shape: tuple[int, int]) -> Path:
    """Two cases with a round lesion in a square coarse mask."""
    height, width = shape
    rows, columns = np.ogrid[:height, :width]
    distance = np.hypot(rows - height / 2, columns - width / 2) / height
    skin = np.random.default_rng(0).integers(150, 200, (height // 8, width // 8, 3), np.uint8)
    image = np.asarray(Image.fromarray(skin).resize((width, height)))
    coarse = np.zeros(shape, np.uint8)
    coarse[height // 5 : -height // 5, width // 4 : -width // 4] = 1
    for part in ("images", "coarse"):
        (folder / part).mkdir(parents=True)
    for case in ("a", "b"):
        Image.fromarray(np.where(distance[..., None] < 0.25, image // 2, image)).save(folder / "images" / f"{case}.jpg")
        Image.fromarray(coarse).save(folder / "coarse" / f"{case}.png")
    (folder / "metadata.csv").write_text("id,split,diagnosis\na,train,lesion\nb,train,lesion\n")
    (folder / "dataset.toml").write_text('classes = ["background", "lesion"]\n')
    return folder


def main() -> None:
    """Measure both sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strokes", type=int, default=20, help="strokes a brush and size")
    options = parser.parse_args()
    if not has_screen():
        return
    import napari

    from napari_unlearn.plugin.layers import Role
    from napari_unlearn.plugin.painting import PaintWatch
    from napari_unlearn.plugin.widget import open_in

    spent: list[float] = []
    inner = PaintWatch._on_rectangle

    def timed(watch: PaintWatch, event: Any) -> None:
        start = time.perf_counter()
        inner(watch, event)
        spent.append(1000 * (time.perf_counter() - start))

    PaintWatch._on_rectangle = timed  # type: ignore[method-assign]

    def paint(layer: Any, size: int) -> float:
        layer.brush_size = size
        wait(0.5)
        spent.clear()
        height, width = layer.data.shape
        for stroke in range(options.strokes):
            row, start = int(height * (0.3 + 0.4 * stroke / options.strokes)), width / 4
            with layer.block_history():
                for move in range(MOVES):
                    layer.paint((row, int(start + width / 2 * move / MOVES)), 0)
                    wait(0.01)
            wait(0.2)
        return float(np.median(spent))

    heart = Heartbeat()
    medians: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        viewer = napari.Viewer()
        controller = open_in(viewer).controller
        bench = controller.bench
        wait(8)
        heart.start()
        for name, shape in SHAPES.items():
            print(name)
            controller.opening.open(write(Path(folder) / name.replace(" ", ""), shape))
            heart.gaps.clear()
            until(lambda shape=shape: bench.has_project and _shape(bench) == shape)
            until(lambda: bench.book.find(Role.ARTEFACTS) is not None)
            wait(1)
            heart.report("open")
            controller.perform("next_case")
            until(lambda: not bench.switching.task.state.busy)
            wait(1)
            heart.report("next case")
            controller.perform("go_refine")
            wait(1)
            heart.report("refine")
            layer = bench.book.find(Role.FINE)
            first = layer.brush_size
            medians[name] = {"same": paint(layer, BRUSH)}
            heart.report("paint")
            medians[name]["scaled"] = paint(layer, first)
            heart.report("scaled")
        heart.stop()
        viewer.close()
        bench.project.close()
    small, large = (medians[name] for name in SHAPES)
    for brush, said in (("same", f"brush of {BRUSH} pixels"), ("scaled", "brush of a sixteenth of the image")):
        ratio = large[brush] / small[brush]
        print(
            f"callback, {said}: median {small[brush]:.2f} ms at 0.8, {large[brush]:.2f} ms at 24 megapixels,"
            f" {ratio:.2f} times   load {os.getloadavg()[0]:.1f}"
        )


def _shape(bench: Any) -> tuple[int, ...]:
    editing = bench.project.editing
    return () if editing is None else editing.fine.shape


if __name__ == "__main__":
    main()
