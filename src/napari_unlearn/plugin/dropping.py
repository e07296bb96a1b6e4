"""Controller of what is dropped on the window: a data set is opened, a model taken into use, a run compared."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from qtpy.QtCore import QObject

from napari_unlearn.data.detect import detect
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.run_folder import CERTIFICATE, MODEL
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.opening import Opening
from napari_unlearn.plugin.unlearning import Unlearning
from napari_unlearn.project import Project
from napari_unlearn.project.runs import FOLDER_NAME, RunRecord, read_run

WEIGHTS = ".safetensors"


class Kind(Enum):
    """What a folder holds."""

    DATASET = auto()
    MODEL = auto()
    RUN = auto()


def folder_of(path: Path) -> Path:
    """Folder that is meant by `path`: itself, or for the file of a model or a certificate the one around it."""
    return path.parent if path.suffix == WEIGHTS or path.name == CERTIFICATE else path


def kind_of(folder: Path) -> Kind:
    """Tell what a folder holds by the names in it; no image and no model is read.

    Parameters
    ----------
    folder : Path
        Any folder.

    Returns
    -------
    Kind

    Raises
    ------
    UserError
        It is nothing that this plugin knows; the sentence says what was looked for.
    """
    if (folder / CERTIFICATE).is_file() and (folder / MODEL).is_dir():
        return Kind.RUN
    if any(folder.glob(f"*{WEIGHTS}")):
        return Kind.MODEL
    detect(folder)
    return Kind.DATASET


class Dropping(QObject):
    """Does with a folder what it is there for.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    opening, unlearning : Opening, Unlearning
        Who opens, and who compares.
    """

    def __init__(self, bench: Bench, opening: Opening, unlearning: Unlearning) -> None:
        super().__init__(bench)
        self._bench, self._opening, self._unlearning = bench, opening, unlearning
        self._waiting: RunRecord | None = None  # compared once the data set that it belongs to is open
        bench.dock.dropped.connect(lambda path: bench.attempt(lambda: self.take(path)))
        opening.opened.connect(self._on_opened)

    def take(self, path: Path) -> None:
        """Open, use or compare what lies at `path`.

        Parameters
        ----------
        path : Path
            A folder, or the weights of a model, or the certificate of a run.

        Raises
        ------
        UserError
            Nothing can be done with it now; the sentence says what to do.
        """
        folder = folder_of(path)
        kind = kind_of(folder)
        if self._bench.task.state.busy:
            raise UserError(f"A job is running; drop {folder.name} again when it has ended.")
        self._waiting = None
        if kind is Kind.DATASET:
            self._opening.open(folder)
        elif kind is Kind.MODEL:
            self._use(folder)
        else:
            self._compare(folder)

    def _use(self, folder: Path) -> None:
        if not self._bench.has_project:
            raise UserError(f"{folder.name} is a model; open a folder of images first (step 1), then drop it again.")
        self._bench.project.use_model(folder)
        self._bench.dock.messages.done(f"The model {folder.name} is in use.")

    def _compare(self, folder: Path) -> None:
        run = read_run(folder)
        if run is None:
            raise UserError(f"The certificate in {folder} cannot be read; copy the run again from where it came.")
        root = _dataset_of(run)
        if self._bench.has_project and root in (None, self._bench.project.dataset.root):
            self._show(run)
        elif root is not None:
            self._waiting = run
            self._opening.open(root)
        else:
            raise UserError(
                f"{folder.name} is a run; open the images it was made on first (step 1), then drop it again."
            )

    def _show(self, run: RunRecord) -> None:
        if run.base is not None:
            self._unlearning.compare(None, run)
            return
        self._bench.dock.messages.note(
            f"The model that {run.folder.name} started from is not on this computer, so there is no before.",
            "You can use its revised model all the same.",
            "Use it",
            lambda: self._bench.attempt(lambda: self._bench.project.use_model(run.model)),
        )

    def _on_opened(self, project: Project) -> None:
        run, self._waiting = self._waiting, None
        if run is not None and _dataset_of(run) == project.dataset.root:
            self._bench.attempt(lambda: self._show(run))


def _dataset_of(run: RunRecord) -> Path | None:
    """Folder of the data set that a run was made on, None where that is not on this computer."""
    if run.folder.parent.name == FOLDER_NAME:
        return run.folder.parent.parent.resolve()
    asked = None if run.request is None else Path(str(run.request.get("dataset")))
    return asked.resolve() if asked is not None and asked.is_dir() else None
