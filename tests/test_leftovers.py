"""What killed processes left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from napari_unlearn import leftovers
from napari_unlearn.files import atomic_write
from napari_unlearn.leftovers import clear, is_living, unfinished_name

WRITING = """
import sys, time
from pathlib import Path
from napari_unlearn.files import atomic_write

def stop(*_):
    print("written", flush=True)
    time.sleep(600)

Path.replace = stop
atomic_write(Path(sys.argv[1]), b"half")
"""


@pytest.fixture
def writing() -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Starts a process that has written a file and not yet given it its name."""
    with ExitStack() as held:

        def start(path: Path) -> subprocess.Popen[bytes]:
            words = [sys.executable, "-c", WRITING, str(path)]
            child = held.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE))
            held.callback(child.kill)
            assert child.stdout is not None
            assert child.stdout.readline() == b"written\n"
            return child

        yield start


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL.")
def test_the_next_write_clears_what_a_killed_process_left_and_nothing_of_a_living_one(
    tmp_path: Path, writing: Callable[[Path], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mask.png"
    living, killed = writing(path), writing(path)
    killed.kill()
    killed.wait()
    assert len(list(tmp_path.iterdir())) == 2
    atomic_write(path, b"new")
    assert contents(tmp_path) == {b"new", b"half"}
    (left,) = [entry for entry in tmp_path.iterdir() if entry != path]
    assert is_living(left.name)
    living.kill()
    living.wait()
    monkeypatch.setattr(leftovers, "_cleared", set())  # as in the next process
    atomic_write(path, b"newer")
    assert contents(tmp_path) == {b"newer"}


def test_folders_go_as_well_but_no_name_that_was_given_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / unfinished_name("own run")
    monkeypatch.setattr("napari_unlearn.process.mark", lambda: "00000000-00000000-1")
    elsewhere = tmp_path / unfinished_name("of another machine")
    monkeypatch.undo()
    monkeypatch.setattr("napari_unlearn.process.gone", lambda mark: mark != "00000000-00000000-1")
    others = [elsewhere, tmp_path / ".run.abc.new", tmp_path / "notes.new", tmp_path / own.name[1:]]
    for folder in (own, *others):
        (folder / "model").mkdir(parents=True)
    clear(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_a_link_is_removed_and_what_it_leads_to_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "mask.png").write_bytes(b"mask")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / unfinished_name()).symlink_to(tmp_path / "precious", target_is_directory=True)
    monkeypatch.setattr("napari_unlearn.process.gone", lambda _: True)
    clear(tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []
    assert (tmp_path / "precious" / "mask.png").read_bytes() == b"mask"


def test_a_long_name_still_fits_and_a_missing_folder_is_no_failure(tmp_path: Path) -> None:
    name = unfinished_name("r" * 250)
    (tmp_path / name).touch()
    assert is_living(name)
    assert not is_living(".run.abc.new")
    clear(tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == [name]
