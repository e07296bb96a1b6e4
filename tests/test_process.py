from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from napari_unlearn.process import alive, gone, mark, started


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


def test_a_mark_tells_of_a_process_that_has_ended_and_of_no_other() -> None:
    said = "from napari_unlearn.process import mark; print(mark(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", said], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        other = child.stdout.readline().decode().strip()
        assert other.endswith(f"-{child.pid}")
        assert not gone(other)
        child.communicate(b"\n")
    assert gone(other)
    assert not gone(mark())
    machine, start, number = mark().split("-")
    assert not gone(f"{machine[::-1]}-{start}-{other.split('-')[2]}"), "that machine cannot be asked"
    assert gone(f"{machine}-{start[::-1]}-{number}"), "a later process got the number of one that has ended"


LEAVING = """
import multiprocessing, sys, time
from napari_unlearn.process import end_with_parent

def work():
    end_with_parent()
    print(multiprocessing.current_process().pid, flush=True)
    while True:
        pass

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=work).start()
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL.")
def test_a_process_that_is_to_end_with_its_parent_does_so_when_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "leaving.py"
    script.write_text(LEAVING, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.kill()
    end = monotonic() + 60
    while alive(child) and monotonic() < end:
        sleep(0.01)
    assert not alive(child)
