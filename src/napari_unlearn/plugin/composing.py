"""Controller of *Compose*: makes one model of two runs, from the list of runs or from where they are compared."""

from __future__ import annotations

from qtpy.QtCore import QObject

from napari_unlearn.errors import UserError
from napari_unlearn.jobs import compose
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.unlearning import Unlearning
from napari_unlearn.project.runs import RunRecord, new_run


class Composing(QObject):
    """Hands what was made of two runs on as any other run.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    unlearning : Unlearning
        Knows which runs are compared, and takes the result.
    """

    def __init__(self, bench: Bench, unlearning: Unlearning) -> None:
        super().__init__(bench)
        self._bench, self._unlearning = bench, unlearning

    @property
    def possible(self) -> bool:
        """Whether step 4 compares two runs."""
        return self._bench.pair is not None and self._unlearning.two_runs is not None

    def compose(self, first: RunRecord, second: RunRecord) -> None:
        """Make one model of two runs.

        Parameters
        ----------
        first, second : RunRecord
            The runs.
        """
        project, page = self._bench.project, self._bench.dock.unlearn
        if not project.save_all():
            return
        page.clear_curves()
        root = project.dataset.root
        request = compose.ComposeRequest(
            root, first.folder, second.folder, new_run(root, "compose"), device=page.choices.device
        )
        self._bench.run(compose.events, request, self._unlearning.adopt)

    def compose_compared(self) -> None:
        """Make one model of the two runs that step 4 compares.

        Raises
        ------
        UserError
            It does not compare two runs.
        """
        runs = self._unlearning.two_runs
        if not self.possible or runs is None:
            raise UserError("Choose two runs in the list of all runs first, and compare them.")
        self.compose(*runs)
