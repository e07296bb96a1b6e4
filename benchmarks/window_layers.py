"""What adding and removing a layer costs the thread of the window: napari's way, and that of the dock.

    python benchmarks/window_layers.py [--rounds N]

Processor time, so that other programs hardly matter, with torch imported as it is in use. napari's way is `add_labels`
and `add_image` and selecting the layer of before again; the dock's is `LayerBook`, with what was imported set aside for
the search for garbage. Needs a screen, `xvfb-run` is one.
"""

# ruff: noqa: TID251 - what is measured here is the window

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from window_heartbeat import has_screen, wait

SHAPE = (192, 256)


def main() -> None:
    """Measure both ways in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="how often each is done")
    options = parser.parse_args()
    if not has_screen():
        return
    import napari
    from napari.utils.colormaps import DirectLabelColormap

    from napari_unlearn.plugin import colours, warm
    from napari_unlearn.plugin.beside_opengl import keep_llvm_apart
    from napari_unlearn.plugin.layers import LayerBook, Role

    viewer = napari.Viewer()
    wait(1)
    keep_llvm_apart()
    warm.warm_up()
    book = LayerBook(viewer, classes=3)
    book.show_image(np.zeros((*SHAPE, 3), np.uint8))
    spent: defaultdict[str, list[float]] = defaultdict(list)

    def timed(name: str, action: Callable[[], Any]) -> Any:
        start = time.thread_time()
        done = action()
        spent[name].append(1000 * (time.thread_time() - start))
        wait(0.2)
        return done

    def usual(add: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        selected = viewer.layers.selection.active
        layer = add(*arguments, **named)
        viewer.layers.selection.active = selected
        return layer

    labels, picture = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.float32)
    for number in range(options.rounds + 2):
        if number == 2:  # the first ones build what all share
            spent.clear()
        colormap = DirectLabelColormap(color_dict=colours.label_colours((1, 2)))
        gc.unfreeze()
        layer = timed("napari adds labels", lambda cmap=colormap: usual(viewer.add_labels, labels, colormap=cmap))
        timed("napari removes labels", lambda layer=layer: viewer.layers.remove(layer))
        layer = timed("napari adds an image", lambda: usual(viewer.add_image, picture, contrast_limits=(0, 1)))
        timed("napari removes an image", lambda layer=layer: viewer.layers.remove(layer))
        gc.freeze()
        timed("the dock adds labels", lambda: book.show_prediction(Role.AFTER, labels, visible=False))
        timed("the dock removes labels", lambda: book.remove([Role.AFTER]))
        role = Role.LEAKAGE_AFTER
        timed("the dock adds an image", lambda role=role: book.show_leakage(role, picture, (0, 1), visible=False))
        timed("the dock removes an image", lambda role=role: book.remove([role]))
    for name, times in spent.items():
        print(f"{name:<26} median {statistics.median(times):6.1f} ms   longest {max(times):6.1f} ms")
    print(f"load {os.getloadavg()[0]:.1f}")
    viewer.close()


if __name__ == "__main__":
    main()
