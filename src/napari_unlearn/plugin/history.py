"""Controller of the history: lists the runs of the project, and compares, restores or repeats those that are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.repeat import ask_again
from napari_unlearn.operators.registry import available
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.style import theme
from napari_unlearn.plugin.views.history_panel import HistoryPanel, HistoryRow
from napari_unlearn.project.runs import RunRecord, list_runs, new_run

TITLE = "Unlearning runs"


class History(QObject):
    """A panel below the image that is made when it is first asked for.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    compare = Signal(object, object)  # RunRecord or None, RunRecord: before and after
    restore = Signal(object)  # RunRecord
    rerun = Signal(object)  # UnlearnRequest
    compose = Signal(object, object)  # two RunRecord

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.panel: HistoryPanel | None = None
        self._place: Any = None
        self._runs: dict[str, RunRecord] = {}
        bench.changed.connect(self._on_changed)
        bench.viewer.events.theme.connect(self._wear_theme)

    @property
    def shown(self) -> bool:
        """Whether the panel is there and open."""
        return self._place is not None and self._place.isVisibleTo(self._place.parentWidget())

    def toggle(self) -> None:
        """Show or hide the panel."""
        if self.shown:
            self.close()
            return
        self.panel = HistoryPanel()
        self.panel.requested.connect(lambda key: self._bench.attempt(lambda: self._perform(key)))
        self._place = self._bench.viewer.window.add_dock_widget(
            self.panel, name=TITLE, area="bottom", add_vertical_stretch=False
        )
        self._place.destroyed.connect(self._forget)
        self._wear_theme()
        self.refresh()

    def close(self) -> None:
        """Take the panel away."""
        if self._place is not None:
            place, self._place, self.panel = self._place, None, None
            # The window may have taken it away already, or be on its way out and know its docks no more.
            with suppress(LookupError, RuntimeError, AttributeError):
                self._bench.viewer.window.remove_dock_widget(place)

    def refresh(self) -> None:
        """Read the runs again."""
        if self.panel is None:
            return
        project = self._bench.project if self._bench.has_project else None
        runs = [] if project is None else list_runs(project.runs)
        self._runs = {run.folder.name: run for run in runs}
        in_use = None if project is None else project.model
        self.panel.show_rows([_row(run, run.model == in_use) for run in runs])
        self.panel.show_busy(self._bench.task.state.busy)

    def _perform(self, key: str) -> None:
        assert self.panel is not None
        chosen = [self._runs[name] for name in self.panel.chosen]
        if key == "compose_runs":
            self.compose.emit(*sorted(chosen, key=lambda run: run.created))
        elif key == "compare_runs":
            older, newer = (None, chosen[0]) if len(chosen) == 1 else sorted(chosen, key=lambda run: run.created)
            self.compare.emit(older, newer)
        elif key == "restore_run":
            self.restore.emit(chosen[0])
        else:
            (run,) = chosen
            if run.request is None:
                raise UserError("This run does not say how to repeat it; set it up again in step 3.")
            root = self._bench.project.dataset.root
            self.rerun.emit(ask_again(run.request, root, new_run(root, run.operator)))

    def _on_changed(self) -> None:
        if self.panel is not None:
            self.panel.show_busy(self._bench.task.state.busy)

    def _wear_theme(self, event: object = None) -> None:
        if self.panel is not None:
            self.panel.set_theme(theme(self._bench.viewer.theme))

    def _forget(self) -> None:
        self._place = self.panel = None


def title_of(run: RunRecord) -> str:
    """Name of the method and time of a run, for a person."""
    return f"{method_title(run.operator)}, {_local(run.created)}"


def method_title(operator: str) -> str:
    """What an operator is called, for a person; its name where it is no longer installed."""
    if operator == "compose":  # makes one model of two runs, so it is no operator
        return "Composition of two runs"
    return next((entry.title for entry in available() if entry.name == operator), operator)


def _row(run: RunRecord, in_use: bool) -> HistoryRow:
    splits: Mapping[str, Any] = {} if run.measured is None else run.measured.numbers["splits"]
    leaks = [split["leakage"]["normalised"] for split in splits.values() if split.get("leakage") is not None]
    tip = [str(run.folder)]
    known = {name: split["dice"] for name, split in splits.items() if split.get("dice") is not None}
    tip += [f"{name.replace('_', ' ')}: Dice {value:.3f}" for name, value in known.items()]
    return HistoryRow(
        run.folder.name,
        _local(run.created),
        method_title(run.operator),
        {"exact": "Exact", "certified": "Certified"}.get(run.tier, "Empirical"),
        run.epsilon,
        sum(known.values()) / len(known) if known else None,
        max(leaks, default=None),
        None if run.measured is None else run.measured.numbers.get("shortcut_gap"),
        run.seconds,
        in_use,
        "\n".join(tip),
        run.request is not None,
    )


def _local(created: str) -> str:
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return created
