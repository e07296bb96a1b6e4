"""A program that has everything loaded, and forks a copy of itself for each thing it is asked to do.

Reads lines of JSON: what, in which folder, and at which place on the disk (see `disk.py`) or after how many seconds the
copy is to be killed; 0 for not at all. Answers with `said TEXT` for everything the copy says, then with `ended STATUS`,
which is minus the signal that ended it.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from napari_unlearn.data.dataset import open_dataset
from napari_unlearn.jobs import train, unlearn
from napari_unlearn.jobs.events import Done, Event, Failed
from napari_unlearn.jobs.token import Token
from napari_unlearn.project import Project, store

Disk = runpy.run_path(str(Path(__file__).with_name("disk.py")), run_name="disk")["Disk"]
DATASET, MODEL, ENCODER = (Path(argument) for argument in sys.argv[1:])


def say(text: str) -> None:
    """Tell, past every buffer."""
    os.write(1, f"said {text}\n".encode())


def request(out: Path) -> unlearn.UnlearnRequest:
    """A certified run."""
    return unlearn.UnlearnRequest(DATASET, MODEL, out, operator="residual-head", device="cpu")


def learned(out: Path) -> train.TrainRequest:
    """Another model than the one that is there, at the same place."""
    return train.TrainRequest(DATASET, out, encoder=str(ENCODER), device="cpu", strength=0.01, overwrite=True)


def finish(events: Iterator[Event]) -> None:
    """Follow a job to its end."""
    for event in events:
        last = event
    if isinstance(last, Failed):
        say(f"{last.sentence} {last.remedy}")
        os._exit(1)
    assert isinstance(last, Done)


def paint(folder: Path, first: int) -> None:
    """Two strokes, each told once it is recorded, and all that a project keeps."""
    with Project(open_dataset(folder)) as project:
        assert not project.read_only, project.read_only
        project.select("a")
        assert project.editing is not None
        for number in (first, first + 1):
            # Each stroke takes one pixel of the lesion out for good, so that the mask says which strokes it has.
            place = slice(4 + number // 20, 5 + number // 20), slice(5 + number % 20, 6 + number % 20)
            project.editing.fine[place] = 0
            project.editing.touch(place)
            if project.record("trim"):
                say(str(number))
        project.save_stroke()
        project.notes.write("a", f"seen {first} times")
        say(f"note {first}")


def act(order: dict[str, Any]) -> None:
    """Do one thing, and be killed at its place."""
    folder, place = Path(order["folder"]), int(order["place"])
    disk = Disk(folder)
    with disk.failing(lambda: os.kill(os.getpid(), signal.SIGKILL), place or 1 << 30):
        if order["what"] == "unlearn":
            finish(unlearn.events(request(folder / order["out"]), Token()))
        elif order["what"] == "train":
            finish(train.events(learned(folder / "model"), Token()))
        elif order["what"] == "paint":
            paint(folder, order["first"])
    say(f"places {disk.places}")


def kept(module: Any, name: str, job: Callable[[], Iterator[Event]]) -> Callable[..., Iterator[Any]]:
    """Do a job once, and have its slow part at hand for all copies: of interest is what is left on disk."""
    made, slow = [], getattr(module, name)

    def listening(*args: Any) -> Iterator[Any]:
        for event in slow(*args):
            made.append(event)
            yield event

    setattr(module, name, listening)
    finish(job())
    setattr(module, name, lambda *_: iter(made))
    return slow


def main() -> None:
    """Warm up, and wait to be asked."""
    torch.set_num_threads(1)
    store.IDLE = store.FLUSH = 0.001  # so that masks are written while strokes are
    with tempfile.TemporaryDirectory() as name:
        run, model = Path(name) / "run", Path(name) / "model"
        slow = kept(unlearn, "_run", lambda: unlearn.events(request(run), Token()))
        kept(train, "_fit_head", lambda: train.events(learned(model), Token()))
    quick = unlearn._run
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            unlearn._run = slow if order.get("seconds") else quick
            try:
                act(order)
            except BaseException as error:  # noqa: BLE001 - told to whoever asked
                say(f"{type(error).__name__}: {error}")
                os._exit(1)
            os._exit(0)
        if order.get("seconds"):
            time.sleep(order["seconds"])
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(1, f"ended {status}\n".encode())


if __name__ == "__main__":
    main()
