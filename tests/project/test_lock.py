from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.leftovers import unfinished_name
from napari_unlearn.project.lock import FILE_NAME, ProjectLock, read_owner

# Takes the lock again and again, looks each time whether anybody else has it, and ends as if killed while it has it.
RIVAL = """
import os, sys
from pathlib import Path
from napari_unlearn.project.lock import ProjectLock
folder = Path(sys.argv[1])
for _ in range(25):
    lock = ProjectLock(folder)
    while not lock.take():
        pass
    os.close(os.open(folder / "alone", os.O_CREAT | os.O_EXCL))
    os.unlink(folder / "alone")
    if _ < 24:
        lock.release()
print("alone every time", flush=True)
os._exit(9)
"""


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


def test_rivals_that_end_while_they_have_it_never_have_it_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RIVAL, str(tmp_path)]
    rivals = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [rival.communicate()[0] for rival in rivals] == ["alone every time\n"] * 3
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    last = ProjectLock(tmp_path)
    assert last.take()
    assert last.stale


def test_nobody_sees_a_lock_before_it_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, seen = os.link, []

    def watched(source: Path, target: Path) -> None:
        seen.append(target.exists())
        link(source, target)
        seen.append(read_owner(target) is not None)

    monkeypatch.setattr(os, "link", watched)
    assert ProjectLock(tmp_path).take()
    assert seen == [False, True]


def test_a_drive_without_second_names_holds_a_lock_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    first, second = ProjectLock(tmp_path), ProjectLock(tmp_path)
    assert first.take()
    assert not second.take()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("facts", [{"pid": "me"}, {"pid": 2**70}, {"pid": None}, {"since": 9}, {"host": ["x"]}])
def test_a_lock_from_elsewhere_may_say_anything(tmp_path: Path, facts: dict[str, object]) -> None:
    write(tmp_path, **facts)
    assert ProjectLock(tmp_path).take()


def test_opening_a_project_clears_away_what_a_killed_process_left_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / unfinished_name()).write_bytes(b"half a lock")
    monkeypatch.setattr("napari_unlearn.process.gone", lambda _: True)
    assert ProjectLock(tmp_path).take()
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
