from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.project.lock import FILE_NAME, ProjectLock, read_owner


def write(folder: Path, **facts: object) -> None:
    owner = {
        "pid": os.getpid(),
        "started": "",
        "host": socket.gethostname(),
        "user": "ann",
        "since": "9:00",
        "token": "t",
    }
    (folder / FILE_NAME).write_text(json.dumps(owner | facts))


def test_the_second_is_told_who_the_first_is(tmp_path: Path) -> None:
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    assert first.take()
    assert not second.take()
    assert second.holder is not None
    assert (second.holder.pid, second.holder.host) == (os.getpid(), socket.gethostname())
    second.release()  # is not its own
    assert first.lost is None
    first.release()
    assert not (tmp_path / FILE_NAME).exists()
    assert ProjectLock(tmp_path).take()


def test_the_lock_of_a_process_that_has_ended_is_stale(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    write(tmp_path, pid=child.pid)
    lock = ProjectLock(tmp_path)
    assert lock.take()
    assert lock.stale


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Only Linux says when a process was started.")
def test_a_later_process_of_the_same_number_holds_nothing(tmp_path: Path) -> None:
    write(tmp_path, started="another boot:1")
    lock = ProjectLock(tmp_path)
    assert lock.take()
    assert lock.stale


def test_a_lock_of_another_machine_is_never_stale(tmp_path: Path) -> None:
    write(tmp_path, pid=2**22 + 1, host="elsewhere")
    lock = ProjectLock(tmp_path)
    assert not lock.take()
    assert lock.holder is not None
    assert lock.holder.host == "elsewhere"


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00\x00"])
def test_a_lock_that_says_nothing_is_that_of_a_crash(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    lock = ProjectLock(tmp_path)
    assert lock.take()
    assert lock.stale


def test_the_owner_notices_that_the_project_was_taken_away(tmp_path: Path) -> None:
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    assert first.take()
    (tmp_path / FILE_NAME).unlink()  # by hand, as the message for another machine says
    assert first.lost is None  # nobody has it
    assert second.take()
    assert first.lost == read_owner(tmp_path / FILE_NAME)
    first.release()
    assert second.lost is None


def test_of_two_that_find_a_stale_lock_one_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_unlearn.project import lock as module

    (tmp_path / FILE_NAME).write_text("")
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    write_file = module.atomic_write

    def overtaken(path: Path, data: bytes) -> None:
        write_file(path, data)
        monkeypatch.setattr(module, "atomic_write", write_file)
        assert second.take() is False or second.lost is None

    monkeypatch.setattr(module, "atomic_write", overtaken)
    took = first.take()
    assert took != (second.holder is None)
