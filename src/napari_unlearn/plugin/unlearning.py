"""Controller of steps 3 and 4: runs an operator, measures before and after, exports, discards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal

from napari_unlearn.data.criterion import chosen_cases, columns
from napari_unlearn.errors import UserError
from napari_unlearn.jobs import evaluate, plan, plannable, unlearn
from napari_unlearn.jobs.events import Event, Failed
from napari_unlearn.jobs.run_folder import read_certificate
from napari_unlearn.jobs.train import training_split
from napari_unlearn.jobs.unlearn import RunResult
from napari_unlearn.operators.registry import available, info
from napari_unlearn.plugin import calls
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.comparison import guarantee, leakage_maps, metric_rows
from napari_unlearn.plugin.dialogs import choose_folder, open_file
from napari_unlearn.plugin.history import method_title, title_of
from napari_unlearn.plugin.layers import LEAKAGES, Role
from napari_unlearn.plugin.turns import Turns
from napari_unlearn.project.history import DISCARD
from napari_unlearn.project.runs import RunRecord, keep_measured, new_run, read_measured
from napari_unlearn.report import making


@dataclass(frozen=True)
class UnlearnChoices:
    """What the page of step 3 says, read and checked."""

    epsilon: float
    delta: float
    counterfactual: int
    device: str


class Unlearning(QObject):
    """Everything that is done with a model after the masks are refined.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    revised = Signal()  # a run has succeeded and its model is in use
    measured = Signal()
    discarded = Signal()
    pair_changed = Signal()  # step 4 is about other models now

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._page = bench.dock.unlearn
        self._compare = bench.dock.compare
        self.two_runs: tuple[RunRecord, RunRecord] | None = None  # that step 4 compares
        self._turns = Turns(self)
        self._page.set_operators(available())
        bench.task.note.connect(lambda _: self._page.clear_curves())  # the job has begun again
        self._page.withdrawal.changed.connect(self.show_withdrawal)
        bench.task.metric.connect(self._page.add_point)
        bench.task.reference.connect(self._page.add_reference)

    @property
    def uses_budget(self) -> bool:
        """Whether the chosen operator spends epsilon and delta."""
        return info(self._page.choices.operator).uses_budget

    @property
    def keep_coarse(self) -> bool:
        """Whether whole cases are to be forgotten and the others keep their coarse masks."""
        return self._page.withdrawal.keep_coarse

    def obstacle(self, head: bool) -> str:
        """Say why the chosen operator cannot be tried beforehand, "" where it can."""
        return plannable.obstacle(info(self._page.choices.operator), head)

    def show_withdrawal(self) -> None:
        """Say how many cases the criterion picks, as it is written."""
        section = self._page.withdrawal
        if self._bench.has_project:
            try:
                dataset = self._bench.project.dataset
                training = dataset.split(training_split(dataset))
                if section.criterion is None:
                    section.show_columns(columns(training))
                else:
                    chosen, _ = chosen_cases(training, section.criterion)
                    section.show_count(len(chosen), sum(case.is_refined for case in chosen), len(training))
            except UserError as error:
                section.show_problem(str(error))
        self._bench.changed.emit()

    def budget(self) -> UnlearnChoices:
        """Budget, swaps and device as set on the page, for whoever else spends them.

        Raises
        ------
        UserError
            delta is no number.
        """
        choices = self._page.choices
        delta = _probability(choices.delta)
        return UnlearnChoices(choices.epsilon, delta, choices.counterfactual, choices.device)

    def start(self) -> None:
        """Run the chosen operator.

        Raises
        ------
        UserError
            There is no model, or delta is no number.
        """
        project, choices = self._bench.project, self._page.choices
        if project.model is None:
            raise UserError("Choose or train a model first (step 1).")
        if not project.save_all():
            return
        self._page.clear_curves()
        request = unlearn.UnlearnRequest(
            dataset=project.dataset.root,
            model=project.model,
            out=new_run(project.dataset.root, choices.operator),
            operator=choices.operator,
            epsilon=choices.epsilon,
            delta=_probability(choices.delta),
            counterfactual=choices.counterfactual,
            device=choices.device,
            plan=plannable.plannable(project.model, choices.operator),
            forget_cases=self._page.withdrawal.criterion,
            keep_coarse=self.keep_coarse,
        )
        self._bench.run(unlearn.events, request, self.adopt)

    def plan(self) -> None:
        """Predict what the chosen operator costs at several budgets.

        Raises
        ------
        UserError
            There is no model, or delta is no number.
        """
        project, choices = self._bench.project, self._page.choices
        if project.model is None:
            raise UserError("Choose or train a model first (step 1).")
        if not project.save_all():
            return
        request = plan.PlanRequest(
            dataset=project.dataset.root,
            model=project.model,
            operators=(choices.operator,),
            delta=_probability(choices.delta),
            counterfactual=choices.counterfactual,
            device=choices.device,
        )
        self._bench.run(plan.events, request, lambda result: self._page.plan.show_result(result, choices.operator))

    def try_devices(self) -> None:
        """Try every device in the background, and say what came of it."""
        call = calls.Call("napari_unlearn.models.device", "try_devices", (), "Testing devices")
        self._bench.run(calls.events, call, self._page.devices.show_reports)

    def show_last_run(self) -> None:
        """Fill step 4 from the run that made the model in use, when a project is opened again."""
        self._bench.book.remove(LEAKAGES)
        run = self._run()
        if run is None:
            self._compare.clear()
            return
        certificate: dict[str, Any] = json.loads((run / "certificate.json").read_text(encoding="utf-8"))
        self._show(certificate)
        measured, previous = read_measured(run), self._bench.project.previous
        if measured is not None and measured.before == str(previous):
            self._show_measured(measured.numbers, measured.numbers.get("before"), measured.when)

    def compare(self, before: RunRecord | None, after: RunRecord) -> None:
        """Compare two runs, or a run with the model that it started from; the model in use stays.

        Parameters
        ----------
        before : RunRecord or None
            The run to compare with; None for the model that `after` started from.
        after : RunRecord
            A run.
        """
        old = after.base if before is None else before.model
        if old is None:
            raise UserError("The model that this run started from is not known; choose a second run to compare with.")
        self._bench.pair = old, after.model
        self.two_runs = None if before is None else (before, after)
        titles = "the model it started from" if before is None else title_of(before), title_of(after)
        self._bench.pair_titles = titles
        self._bench.book.remove(LEAKAGES)
        self._show(read_certificate(after.folder).to_dict())
        self._compare.show_pair(*titles)
        if after.measured is not None and after.measured.before == str(old):
            self._show_measured(after.measured.numbers, after.measured.numbers.get("before"), after.measured.when)
        elif before is not None and before.measured is not None and after.measured is not None:
            # Each was measured beside another model, so the changes that were measured are others.
            splits = {name: {**split, "leakage_difference": None, "change": None}
                      for name, split in after.measured.numbers["splits"].items()}  # fmt: skip
            numbers = {**after.measured.numbers, "splits": splits}
            self._show_measured(numbers, before.measured.numbers, min(before.measured.when, after.measured.when))
        self.pair_changed.emit()

    def compare_current(self) -> None:
        """Compare the model in use with the one before it again."""
        if self._bench.pair is not None:
            self._bench.pair = None
            self.show_last_run()
            self.pair_changed.emit()

    def restore(self, run: RunRecord) -> None:
        """Use the model of a run; the one that it started from is what *Discard* returns to."""
        project, base = self._bench.project, run.base
        self._bench.pair = None
        project.use_model(run.model if base is None else base)
        if base is not None:
            project.revise(run.model)
        self.show_last_run()
        self._bench.dock.messages.done(f"The model of {title_of(run)} is in use.")
        if base is not None:
            self.revised.emit()

    def rerun(self, request: unlearn.UnlearnRequest) -> None:
        """Run the same again, with the masks as they are now."""
        project = self._bench.project
        if not project.save_all():
            return
        self._page.clear_curves()
        self._bench.run(unlearn.events, request, self.adopt)

    def _show_measured(self, after: Mapping[str, Any], before: Mapping[str, Any] | None, when: str) -> None:
        self._compare.show_measured(metric_rows(after, before), when[:10])

    def measure(self) -> None:
        """Measure the model in use and the one before it."""
        before, after = self._bench.compared
        assert after is not None
        if not self._bench.project.save_all():
            return
        self._compare.show_measuring()
        request = evaluate.EvaluateRequest(self._bench.project.dataset.root, after, before)
        self._bench.run(
            evaluate.events, request, lambda result: self._on_measured(result, request), self._on_not_measured
        )

    def export(self) -> None:
        """Write the revised model and its certificate to a folder that the user chooses."""
        run = self._run()
        if run is None:
            raise UserError("There is no revised model to export; run Unlearn first.")
        chosen = choose_folder(self._bench.dock, "Export the revised model to")
        if chosen is None:
            return
        taken = chosen.is_dir() and any(chosen.iterdir())
        out = chosen / run.name if taken else chosen
        arguments = (run, out, self._compare.export_choice.form)
        call = calls.Call("napari_unlearn.export", "export_model", arguments, "Exporting and checking the model")
        self._bench.run(calls.events, call, lambda model: self._on_exported(out))

    def report(self) -> None:
        """Write the report of the run beside it and open it.

        Raises
        ------
        UserError
            There is no run.
        """
        run, project = self._run(), self._bench.project
        if run is None:
            raise UserError("There is no run to report of; run Unlearn first.")
        request = making.ReportRequest(run, making.default_out(run), project.dataset.root, project.previous)
        self._bench.run(making.events, request, self._on_reported)

    def discard(self) -> None:
        """Return to the model before the run."""
        self._bench.project.discard()
        self._bench.book.remove(LEAKAGES)
        self._compare.clear()
        said = "The model before this run is in use again.", "The run itself stays on disk."
        back = self._bench.project.undoable == DISCARD
        self._bench.dock.messages.note(*said, *(("Undo", self._take_back) if back else ()))
        self.discarded.emit()

    def _take_back(self) -> None:
        # Only as long as nothing else was done since; Undo on page 2 goes further.
        if self._bench.project.undoable == DISCARD:
            self._bench.attempt(self._bench.project.undo)

    def _run(self) -> Path | None:
        project = self._bench.project
        if project.previous is None or project.model is None:
            return None
        return project.model.parent if (project.model.parent / "certificate.json").is_file() else None

    def adopt(self, result: RunResult) -> None:
        """Use the model of a run from now on, show its guarantee, and measure it."""
        self._bench.pair = None
        self._bench.book.remove(LEAKAGES)
        self._show(result.certificate)
        self._bench.project.revise(result.model)
        if result.stopped is not None:
            self._bench.dock.messages.note(result.stopped)
        if gone := int(result.certificate["parameters"].get("forgotten_cases", 0)):
            self._bench.dock.messages.note(
                f"Forgot {gone} whole case{'' if gone == 1 else 's'}. Whatever starts from this model leaves them out; "
                "remove them from the data set before you train another one."
            )
        self.revised.emit()
        self.measure()

    def _show(self, certificate: Mapping[str, Any]) -> None:
        name, tier = certificate["operator"], certificate["tier"]
        # An operator of another package may be gone since; its run is not.
        entry = next((entry for entry in available() if entry.name == name), None)
        title = method_title(name)
        # A run of a certified operator in test mode is worth no more than an empirical one.
        plain = {"exact": "Exact", "certified": "Certified ball"}.get(tier, "Empirical")
        badge = entry.badge if entry is not None and tier == entry.tier else plain
        sentence = guarantee(tier, certificate["epsilon"], certificate["delta"], certificate.get("status", ""))
        self._compare.show_run(title, badge, sentence)

    def _on_measured(self, result: evaluate.EvaluateResult, request: evaluate.EvaluateRequest) -> None:
        numbers = result.to_json()
        if (request.model.parent / "certificate.json").is_file():
            try:
                keep_measured(request.model.parent, numbers, request.before)
            except OSError as error:  # they are on show all the same
                self._bench.dock.messages.note(f"The numbers could not be kept for the list of runs: {error}.")
        if self._bench.compared != (request.before, request.model):
            self.measured.emit()
            return  # the user looks at other models meanwhile
        self._compare.show_rows(metric_rows(numbers, numbers.get("before")))
        before = result.before
        new_map, old_map, limits = leakage_maps(result.after.splits, None if before is None else before.splits)
        steps = [
            partial(self._show_leakage, request, role, leakage, limits)
            for role, leakage in ((Role.LEAKAGE_AFTER, new_map), (Role.LEAKAGE_BEFORE, old_map))
            if leakage is not None
        ]
        self._turns.start(*steps, self.measured.emit)

    def _show_leakage(
        self, request: evaluate.EvaluateRequest, role: Role, leakage: NDArray[np.float32], limits: tuple[float, float]
    ) -> None:
        if self._bench.compared == (request.before, request.model):  # the user may look at other models since
            self._bench.book.show_leakage(role, leakage, limits, visible=False)
            self._compare.show_limits(*limits)

    def _on_not_measured(self, event: Event) -> None:
        # The revised model is there all the same, so this is no failure of the run.
        sentence = event.sentence if isinstance(event, Failed) else "Measuring was cancelled."
        self._compare.show_no_numbers(sentence)
        if isinstance(event, Failed):
            self._bench.dock.messages.error(event.sentence, event.remedy)

    def _on_reported(self, result: making.ReportResult) -> None:
        opened = open_file(result.report)
        self._bench.dock.messages.done(
            f"Wrote the report {result.report}",
            "It was opened in your browser." if opened else "Open it in a browser to read or print it.",
        )

    def _on_exported(self, out: Path) -> None:
        self._bench.dock.messages.done(
            f"Exported to {out}", "The folder holds the model, its certificate and its card."
        )


def _probability(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UserError(f"δ must be a number such as 1e-5, not {text!r}.") from None
