"""Controller of step 1: opens data sets and the sample, chooses or trains the model, lists the cases."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject, Signal

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs import train
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.dialogs import choose_folder
from napari_unlearn.plugin.turns import Turns
from napari_unlearn.plugin.views.case_table import CaseRow
from napari_unlearn.project import CaseStatus, Project
from napari_unlearn.project.recovery import sentence
from napari_unlearn.project.runs import new_run
from napari_unlearn.project.workspace import Workspace


class Opening(QObject):
    """Brings a project onto the bench.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    opened = Signal(object)  # Project

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._page = bench.dock.data
        self._turns = Turns(self)

    def choose_folder(self) -> None:
        """Ask for a folder and open it."""
        chosen = choose_folder(self._bench.dock, "Folder of images with coarse masks")
        if chosen is not None:
            self.open(chosen)

    def open(self, folder: Path, model: Path | None = None) -> None:
        """Open the data set in `folder`, with `model` or the one used last."""
        call = calls.Call("napari_unlearn.data.dataset", "open_dataset", (folder,), f"Opening {folder.name}")
        self._bench.run(calls.events, call, lambda dataset: self._adopt(dataset, model))

    def open_sample(self) -> None:
        """Open a copy of the sample."""
        call = calls.Call("napari_unlearn.plugin.sample", "prepare", (), "Copying the sample")
        self._bench.run(calls.events, call, self._open_workspace)

    def choose_model(self) -> None:
        """Ask for a model folder and use it.

        Raises
        ------
        UserError
            The folder is no model.
        """
        chosen = choose_folder(self._bench.dock, "Folder of a model", self._bench.project.dataset.root)
        if chosen is None:
            return
        # A run or an exported folder holds the model one level down.
        model = chosen / "model" if (chosen / "model").is_dir() else chosen
        if not any(model.glob("*.safetensors")):
            raise UserError(f"{chosen} is not a model folder; choose one that holds a .safetensors file.")
        self._bench.project.use_model(model)

    def train(self) -> None:
        """Train a model on the coarse masks, in the background."""
        root = self._bench.project.dataset.root
        request = train.TrainRequest(dataset=root, out=new_run(root, "coarse-model"))
        self._bench.run(train.events, request, lambda result: self._bench.project.use_model(result.model))

    def show_counts(self) -> None:
        """Say how much there is and how much of it is refined."""
        project = self._bench.project
        dataset = project.dataset
        classes = ", ".join(dataset.classes[1:])
        refined = len(dataset.refined())
        self._page.show_dataset(
            dataset.name, dataset.root, f"{len(dataset.cases)} images · {refined} with a fine mask · classes: {classes}"
        )

    def _open_workspace(self, workspace: Workspace) -> None:
        remembered = (workspace.dataset / "unlearn-runs" / "project.json").exists()
        self.open(workspace.dataset, None if remembered else workspace.model)

    def _adopt(self, dataset: Dataset, model: Path | None) -> None:
        if not dataset.cases:
            raise UserError(f"{dataset.root} holds no images; choose a folder that does.")
        project = self._take(dataset, model)
        cases = [dataset.case(case_id) for case_id in project.order]
        rows = [CaseRow(c.id, c.diagnosis or "", c.split or "", project.status(c.id).value, c.metadata) for c in cases]
        self._bench.adopt(project)
        self._page.cases.set_rows(rows)
        self.show_counts()
        self.opened.emit(project)
        unrefined = (c.id for c in cases if project.status(c.id) is CaseStatus.UNREFINED)
        first = next(unrefined, cases[0].id)
        self._turns.start(lambda: self._bench.attempt(lambda: self._take_in_hand(project, first)))
        told = [project.read_only, sentence(project.recovered), *dataset.notes]
        if any(told):
            self._bench.dock.messages.note(" ".join(filter(None, told)))

    def _take_in_hand(self, project: Project, case_id: str) -> None:
        # Who is quicker than the window may have opened something else, or a case.
        if self._bench.project is project and project.case is None and not self._bench.switching.task.state.busy:
            self._bench.switching.go(case_id)

    def _take(self, dataset: Dataset, model: Path | None) -> Project:
        # The project before is given back, but not before the new one is sure to open, unless it is the same one.
        before = self._bench.project if self._bench.has_project else None
        if before is not None and before.dataset.root == dataset.root:
            before.close()
        project = Project(dataset, model)
        if before is not None:
            before.close()
        return project
