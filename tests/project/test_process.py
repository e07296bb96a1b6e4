from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.project.process import alive, started


def test_a_process_is_alive_until_it_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert alive(child.pid)
        assert started(child.pid) == started(child.pid)
        child.communicate(b"\n")
    assert not alive(child.pid)
    assert alive(os.getpid())
    assert not alive(0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Only Linux says when a process was started.")
def test_a_process_that_ended_unnoticed_is_not_alive_and_two_processes_differ() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read() == b""  # it has ended, and nobody has asked for its exit status
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass
        assert not alive(child.pid)
        assert started(child.pid) != started(os.getpid()) != ""
