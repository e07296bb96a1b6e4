"""The one that acts: turns requests of the views into changes of the document, and those into what the views show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QObject

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.train import training_split
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.beside import Beside
from napari_unlearn.plugin.comparison import case_rows
from napari_unlearn.plugin.composing import Composing
from napari_unlearn.plugin.contrast import Contrast
from napari_unlearn.plugin.desk import Desk
from napari_unlearn.plugin.dock import Dock
from napari_unlearn.plugin.dropping import Dropping
from napari_unlearn.plugin.enabling import Facts, blocker, enabled, live_blocker
from napari_unlearn.plugin.feature_map import FeatureMap
from napari_unlearn.plugin.history import History
from napari_unlearn.plugin.hover import Hover
from napari_unlearn.plugin.layers import CONTRASTS, LEAKAGES, Role
from napari_unlearn.plugin.live import Live, has_head
from napari_unlearn.plugin.opening import Opening
from napari_unlearn.plugin.predicting import Predicting
from napari_unlearn.plugin.refining import MODES, Refining
from napari_unlearn.plugin.runner import JobRunner
from napari_unlearn.plugin.shortcuts import Keys
from napari_unlearn.plugin.tailoring import Tailoring
from napari_unlearn.plugin.texts import STEPS
from napari_unlearn.plugin.unlearning import Unlearning
from napari_unlearn.plugin.views.case_model import NO_LESION
from napari_unlearn.project import CaseStatus, Project

DATA, REFINE, UNLEARN, COMPARE = range(len(STEPS))
PATIENCE = 5.0  # seconds
LOOKING = {
    "show_before": (Role.BEFORE, Role.COARSE),
    "show_after": (Role.AFTER, Role.COARSE),
    "show_split": (Role.SPLIT, Role.COARSE),
    "show_beside": (Role.BEFORE, Role.COARSE),
    "show_difference": (Role.DIFFERENCE, Role.COARSE),
    "show_leakage_before": (Role.LEAKAGE_BEFORE,),
    "show_leakage_after": (Role.LEAKAGE_AFTER,),
}


class Controller(QObject):
    """Connects the dock, the document and the viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Where layers are shown.
    dock : Dock
        The views.
    runner : JobRunner
        Where jobs run.
    """

    def __init__(self, viewer: Any, dock: Dock, runner: JobRunner) -> None:
        super().__init__(dock)
        self.bench = bench = Bench(viewer, dock, runner)
        self._dock = dock
        self.opening, self.refining = Opening(bench), Refining(bench)
        self.predicting, self.unlearning = Predicting(bench), Unlearning(bench)
        self.history = History(bench)
        self.feature_map = FeatureMap(bench)
        self.composing = Composing(bench, self.unlearning)
        self.contrast = Contrast(bench, self.predicting)
        self.beside = Beside(bench, self.predicting)
        self._hover = Hover(viewer, bench.book, dock.compare.scale.show_here)
        self.live = Live(bench, self.predicting, self.unlearning)
        self.desk = Desk(bench, self.opening)
        self._view = "show_after"
        self.actions: dict[str, Callable[[], object]] = {
            "open_folder": self.opening.choose_folder,
            "open_sample": self.opening.open_sample,
            "choose_model": self.opening.choose_model,
            "train_model": self.opening.train,
            **self.desk.actions,
            "go_refine": lambda: dock.show_step(REFINE),
            **{key: (lambda key=key: self._use_tool(key)) for key in MODES},
            "undo": self.refining.undo,
            "redo": self.refining.redo,
            "start_from_coarse": self.refining.start_from_coarse,
            "done_refining": self.refining.done,
            "toggle_artefacts": self.refining.toggle_artefacts,
            "live": self.live.toggle,
            "live_keep": self.live.keep,
            "go_unlearn": lambda: dock.show_step(UNLEARN),
            "plan": self.unlearning.plan,
            "try_devices": self.unlearning.try_devices,
            "unlearn": self.unlearning.start,
            "pause": bench.task.pause,
            "stop": bench.task.stop,
            "cancel": bench.task.cancel,
            "measure": self.unlearning.measure,
            "export": self.unlearning.export,
            "report": self.unlearning.report,
            "discard": self.unlearning.discard,
            "history": self.history.toggle,
            "feature_map": self.feature_map.show,
            "compose_pair": self.composing.compose_compared,
            "compare_current": self.unlearning.compare_current,
            "blink": lambda: self._look("show_after" if self._view == "show_before" else "show_before"),
            **{key: (lambda key=key: self._look(key)) for key in LOOKING},
        }
        self.keys = Keys(viewer, {key: (lambda key=key: self.perform(key)) for key in self.actions})
        self.tailoring = Tailoring(bench, self.keys)
        dock.requested.connect(self.perform)
        dock.step_changed.connect(self._on_step)
        dock.data.cases.chosen.connect(lambda case_id: bench.attempt(lambda: bench.switching.go(case_id)))
        dock.unlearn.operator_chosen.connect(lambda _: self.refresh())
        dock.shown.connect(self.keys.bind)
        dock.hidden.connect(self._on_hidden)
        self.opening.opened.connect(self._on_opened)
        self.dropping = Dropping(bench, self.opening, self.unlearning)  # after that: it compares in what was opened
        self.desk.remarking.included.connect(lambda: self._on_step(STEPS.index(dock.step)))
        self.desk.marking.ended.connect(lambda: self._on_step(STEPS.index(dock.step)))
        self.live.changed.connect(self.refresh)
        self.live.kept.connect(self.unlearning.adopt)
        self.contrast.moved.connect(dock.compare.show_split_at)
        dock.compare.split_moved.connect(self.contrast.move)
        self.predicting.shown.connect(self._show_case_numbers)
        self.history.compare.connect(lambda old, new: bench.attempt(lambda: self.unlearning.compare(old, new)))
        self.history.compose.connect(lambda old, new: bench.attempt(lambda: self.composing.compose(old, new)))
        self.history.restore.connect(lambda run: bench.attempt(lambda: self.unlearning.restore(run)))
        self.history.rerun.connect(self._on_rerun)
        self.unlearning.pair_changed.connect(self._on_pair)
        self.unlearning.measured.connect(self.history.refresh)
        self.unlearning.revised.connect(lambda: dock.show_step(COMPARE))
        self.unlearning.measured.connect(self.refresh)
        self.unlearning.discarded.connect(lambda: dock.show_step(UNLEARN))
        bench.changed.connect(self.refresh)
        viewer.layers.events.inserted.connect(self.refresh)
        viewer.layers.events.removed.connect(self.refresh)
        self.refresh()

    def perform(self, key: str) -> None:
        """Do what `key` of the table of texts stands for, if the table of enabling allows it."""
        if enabled(self.facts()).get(key, True):
            self.bench.attempt(self.actions[key])

    def facts(self) -> Facts:
        """What decides what is enabled."""
        bench = self.bench
        has = bench.has_project
        head = has and has_head(bench.project.model)
        present = {role for role in Role if bench.book.find(role) is not None}
        return Facts(
            state=bench.task.state,
            dataset=has,
            case=has and bench.project.case is not None,
            model=has and bench.project.model is not None,
            refined=len(self._refined()) if has else 0,
            budget=self.unlearning.uses_budget,
            unplannable=self.unlearning.obstacle(head),
            keep_coarse=self.unlearning.keep_coarse,
            revised=has and bench.project.previous is not None,
            compared=bool({Role.BEFORE, Role.AFTER} & present),
            leakage=bool(set(LEAKAGES) & present),
            head=head,
            live=self.live.on,
            live_state=self.live.state is not None,
            pair=bench.pair is not None,
            two_runs=self.composing.possible,
            keep=bench.keep,
            stopping=bench.task.stopping,
            excluded=self.desk.remarking.excluded,
        )

    def refresh(self) -> None:
        """Bring everything that follows from the facts up to date."""
        facts = self.facts()
        self._dock.apply_enabled(enabled(facts))
        self._dock.unlearn.show_blocker(blocker(facts), facts.state.busy)
        self._dock.unlearn.show_plan_obstacle(facts.unplannable if facts.model else "")
        self._dock.refine.show_live_on(facts.live, live_blocker(facts))
        self._dock.steps.show_done([facts.dataset and facts.model, facts.refined > 0, facts.revised, False])
        if facts.dataset:
            project, refined = self.bench.project, self._refined()
            training = self._training()
            unfinished = sum(project.status(case.id) is CaseStatus.IN_PROGRESS for case in refined)
            self._dock.unlearn.show_forget_set(len(refined), unfinished)
            aim = max(1, round(len(training) / 10))
            self._dock.refine.show_progress(len(refined) - unfinished, len(training), aim)

    def stop(self) -> None:
        """End all background work, because the window closes; a job needs one step to notice."""
        self.desk.stop()
        self.tailoring.stop()
        self.bench.task.abandon()
        self.predicting.task.abandon()
        self.live.stop()
        self.bench.switching.task.abandon()
        self.bench.unrefined.task.abandon()
        self.history.close()
        self.beside.hide()
        self.bench.runner.wait(PATIENCE)
        if self.bench.has_project:
            self.bench.project.close()

    def _training(self) -> tuple[Case, ...]:
        dataset = self.bench.project.dataset
        try:
            return dataset.split(training_split(dataset))
        except UserError:
            return dataset.cases

    def _refined(self) -> list[Case]:
        excluded = self.bench.project.notes.excluded
        return [case for case in self._training() if case.is_refined and case.id not in excluded]

    def _look(self, key: str) -> None:
        self._view = key
        self._dock.show_step(COMPARE)
        self._dock.compare.show_view(key)
        self.contrast.look(next((role for role in LOOKING[key] if role in CONTRASTS), None))
        self._show_layers(LOOKING[key])
        self._show_case_numbers()  # the mask may have been brushed since
        if key == "show_beside":
            self.beside.show()
        else:
            self.beside.hide()

    def _show_case_numbers(self) -> None:
        project = self.bench.project
        if project.case is None or project.editing is None:
            return
        fine = project.editing.fine if project.case.is_refined else None
        before, after = self.predicting.pair or (None, None)
        finished = project.status(project.case.id) is not CaseStatus.IN_PROGRESS
        self._dock.compare.show_case_rows(case_rows(before, after, fine, finished))

    def _use_tool(self, key: str) -> None:
        if not (self.desk.proposing.use_tool(key) or self.desk.marking.use_tool(key)):
            self.refining.use_tool(key)

    def _show_layers(self, roles: tuple[Role, ...]) -> None:
        self.bench.looking = roles
        if not self.refining.adding:
            self.bench.book.show_only(roles)

    def _on_opened(self, project: Project) -> None:
        self.live.stop()
        self.predicting.clear()
        self._put_brush_down()  # the layers are those of the data set before until a case is in hand
        project.case_changed.connect(self._on_case)
        project.status_changed.connect(self._on_status)
        project.model_changed.connect(self._on_model)
        project.lesion_free.found.connect(self._on_lesion_free)
        project.mask_saved.connect(lambda _: self.live.stroke())
        project.failed.connect(self._dock.messages.error)
        self.refining.follow(project)
        for page in (self._dock.refine, self._dock.compare):
            page.show_classes(project.dataset.classes)
        self.unlearning.show_last_run()
        self.history.refresh()
        self._dock.unlearn.plan.clear()
        self._dock.unlearn.withdrawal.clear()
        self.unlearning.show_withdrawal()
        self._show_model()
        self._dock.show_step(DATA)

    def _on_case(self, case: Case) -> None:
        self._dock.data.cases.set_current(case.id)
        self._show_strips()
        self.refining.show(case)
        self.feature_map.place()
        self.predicting.refresh()
        self.live.look(case)
        self._on_step(STEPS.index(self._dock.step))

    def _on_status(self, case_id: str, status: CaseStatus) -> None:
        self._dock.data.cases.set_status(case_id, status.value)
        self.opening.show_counts()
        self._show_strips()
        self.refresh()

    def _on_lesion_free(self, case_ids: Sequence[str]) -> None:
        self._dock.data.cases.set_lesion_free(case_ids)
        self._show_strips()

    def _on_model(self, model: object) -> None:
        self.live.stop()  # it belongs to the model before
        self._show_model()
        self._dock.unlearn.plan.clear()
        if self.bench.project.previous is not None:  # also when discarding was undone
            self.unlearning.show_last_run()
        self.predicting.retry()
        self.history.refresh()
        self.refresh()

    def _on_pair(self) -> None:
        self.predicting.refresh()
        if self.bench.pair is not None and self._dock.step != STEPS[COMPARE]:
            self._dock.show_step(COMPARE)
        else:
            self._on_step(STEPS.index(self._dock.step))

    def _on_rerun(self, request: UnlearnRequest) -> None:
        self._dock.show_step(UNLEARN)
        self.unlearning.rerun(request)

    def _on_step(self, step: int) -> None:
        if step != COMPARE:
            self.contrast.look(None)
            self.beside.hide()
            self.unlearning.compare_current()  # every other step is about the model in use
        if self.bench.has_project and self.bench.project.case is not None:
            if step == REFINE:
                self.bench.looking = (Role.COARSE, Role.FINE, Role.ARTEFACTS)
                self.refining.enter()
                self.live.show_layer()
                self.desk.marking.show()
            else:
                self._put_brush_down()
            if step == DATA:
                self._show_layers((Role.PREDICTION, Role.AFTER, Role.COARSE))
            elif step == UNLEARN:
                self._show_layers((Role.COARSE, Role.ARTEFACTS))
            elif step == COMPARE:
                self._look(self._view)
        self.refresh()

    def _on_hidden(self) -> None:
        self.keys.release()
        self._put_brush_down()

    def _put_brush_down(self) -> None:
        self.refining.leave()
        self.desk.proposing.leave()
        self.desk.marking.leave()

    def _show_model(self) -> None:
        project = self.bench.project
        self._dock.data.show_model(project.model, project.previous is not None)

    def _show_strips(self) -> None:
        project = self.bench.project
        assert project.case is not None
        status = project.status(project.case.id).value
        remark = NO_LESION if project.case.id in project.lesion_free else ""
        for page in (self._dock.data, self._dock.refine, self._dock.compare):
            page.strip.show_case(project.case.id, project.case.diagnosis or "", status, remark)
