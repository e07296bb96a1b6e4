"""A process that measures trials for another one, and ends with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from napari_unlearn.benchmark.ground import Source
from napari_unlearn.benchmark.row import Row, Trial
from napari_unlearn.errors import UserError
from napari_unlearn.process import end_with_parent

if TYPE_CHECKING:
    from napari_unlearn.benchmark.study import Oracles


_THREADS = "OMP_NUM_THREADS"
_GONE = "A process of the benchmark ended unexpectedly, perhaps for want of memory; give fewer --workers."


@dataclass(frozen=True)
class Finished:
    """The worker wants more to do."""


@dataclass(frozen=True)
class Broken:
    """The worker cannot go on.

    Attributes
    ----------
    sentence : str
        Why.
    expected : bool
        Whether the sentence says all that is to say to a person.
    """

    sentence: str
    expected: bool


Message = list[Row] | Finished | Broken


class Worker:
    """A process of its own, seen from the one that gives it work.

    What it is given is measured on one core. It ends at once if the other one is killed.

    Parameters
    ----------
    source : Source
        Where cases come from.
    encoder : str
        As `train --encoder` takes it.
    size : int
        Long side of the working grid.
    """

    def __init__(self, source: Source, encoder: str, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.seed: int | None = None
        self._process = context.Process(target=serve, args=(theirs, source, encoder, size), daemon=True)
        with _one_thread():
            self._process.start()
        theirs.close()

    def give(self, trials: Sequence[Trial]) -> None:
        """Send work.

        Parameters
        ----------
        trials : sequence of Trial
            Of one ground, at least one.

        Raises
        ------
        UserError
            The process is gone.
        """
        self.seed = trials[0].seed
        try:
            self.pipe.send(list(trials))
        except OSError as error:
            raise UserError(_GONE) from error

    def answer(self) -> Message:
        """Wait for the next message."""
        try:
            message: Message = self.pipe.recv()
        except (EOFError, OSError):
            return Broken(_GONE, expected=True)
        return message

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.terminate()
        self._process.join()
        self.pipe.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes that are started in the block use one core each; libraries look there when they are loaded."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        del os.environ[_THREADS]
        if before is not None:
            os.environ[_THREADS] = before


def serve(pipe: Connection[Any, Any], source: Source, encoder: str, size: int) -> None:
    """Measure what comes through a pipe, until it is closed.

    Parameters
    ----------
    pipe : Connection
        Lists of trials come in, `Message` goes out.
    source : Source
        Where cases come from.
    encoder : str
        As `train --encoder` takes it.
    size : int
        Long side of the working grid.
    """
    end_with_parent()
    if threading.current_thread() is threading.main_thread():
        # Ctrl+C goes to every process of a terminal; the one that gives the work decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import torch

        from napari_unlearn.benchmark.features import HeldFeatures
        from napari_unlearn.benchmark.study import Study
        from napari_unlearn.models.encoder import find_encoder

        # As many processes as cores; more threads would only get in each other's way.
        torch.set_num_threads(1)
        public = find_encoder(encoder)
        seed: int | None = None
        oracles: Oracles = {}
        while True:
            trials: list[Trial] = pipe.recv()
            if trials[0].seed != seed:
                # Images of one seed have nothing in common with those of another.
                seed, cache = trials[0].seed, HeldFeatures(public)
                oracles.clear()
            study = Study(source.ground(*trials[0].ground), cache, size, oracles)
            for trial in trials:
                pipe.send(study.measure(trial))
            pipe.send(Finished())
    except (EOFError, BrokenPipeError):
        pass
    except UserError as error:
        pipe.send(Broken(str(error), expected=True))
    except Exception as error:  # noqa: BLE001 - the other process tells it, with the kind of error
        pipe.send(Broken(f"{type(error).__name__}: {error}", expected=False))
