from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="The clash is one of shared libraries of Linux.")
def test_torch_can_be_imported_where_opengl_has_been_drawn() -> None:
    # In a process of its own: without the remedy this one dies of a segmentation fault where Mesa draws.
    script = """
        import numpy as np
        import napari
        from napari_unlearn.plugin.beside_opengl import keep_llvm_apart
        viewer = napari.Viewer()
        viewer.add_image(np.zeros((8, 8)))
        viewer.screenshot(flash=False)
        keep_llvm_apart()
        keep_llvm_apart()
        import torchvision
        viewer.close()
        print("alive")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "alive" in done.stdout
