from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from napari_unlearn.plugin.preload import open_library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere torch opens its libraries itself.")


def test_a_library_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"no library")
    with pytest.raises(OSError, match=r"broken\.so"):
        open_library(broken, os.RTLD_NOW)


def test_threads_run_on_while_torch_is_opened_and_it_works_afterwards() -> None:
    # In a process of its own: in this one torch has been imported long since.
    script = """
        import sys
        from napari_unlearn.plugin import preload
        preload.open_torch()
        assert "torch" not in sys.modules
        assert "libtorch_cpu.so" in open("/proc/self/maps").read()
        import torch
        assert torch.ones(3).sum().item() == 3
        print("works")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["works"]
