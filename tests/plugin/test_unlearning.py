from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QRadioButton, QSlider, QToolButton

from napari_unlearn.data.decode import read_mask
from napari_unlearn.jobs.run_folder import read_certificate, write_certificate
from napari_unlearn.plugin.widget import UnlearnWidget


def last_message(dock: UnlearnWidget) -> tuple[str, str]:
    return dock.messages.shown[-1]


def test_a_delta_that_is_no_number_is_refused_before_anything_starts(open_dock: UnlearnWidget) -> None:
    open_dock.findChild(QLineEdit, "delta").setText("tiny")
    open_dock.controller.perform("unlearn")
    level, sentence = last_message(open_dock)
    assert level == "error"
    assert "tiny" in sentence
    assert not open_dock.controller.bench.task.state.busy


def test_the_budget_belongs_to_certified_operators(open_dock: UnlearnWidget) -> None:
    epsilon = open_dock.findChild(object, "epsilon")
    assert not epsilon.isEnabledTo(open_dock)
    open_dock.findChild(QRadioButton, "residual-head").setChecked(True)
    assert epsilon.isEnabledTo(open_dock)
    open_dock.findChild(QRadioButton, "neggrad-seg").setChecked(True)
    assert not epsilon.isEnabledTo(open_dock)


def test_a_project_opened_again_can_still_be_exported_and_discarded(
    open_dock: UnlearnWidget, run: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    controller = open_dock.controller
    bench = controller.bench
    root = bench.project.dataset.root
    bench.project.revise(run / "model")

    def idle() -> bool:
        return not bench.task.state.busy and not controller.predicting.task.state.busy

    qtbot.waitUntil(idle, timeout=60_000)
    controller.opening.open(root)
    qtbot.waitUntil(idle, timeout=60_000)
    assert bench.project.previous == model
    chosen = tmp_path / "taken"
    chosen.mkdir()
    (chosen / "letter.txt").write_text("mine")
    monkeypatch.setattr("napari_unlearn.plugin.unlearning.choose_folder", lambda *_: chosen)
    controller.perform("export")
    qtbot.waitUntil(idle, timeout=60_000)
    assert last_message(open_dock)[0] == "done"
    assert (chosen / run.name / "certificate.json").is_file()  # beside what was there, never over it
    controller.perform("discard")
    assert bench.project.model == model
    open_dock.messages._act.click()  # Undo
    assert (bench.project.model, bench.project.previous) == (run / "model", model)
    assert controller.unlearning._run() == run
    qtbot.waitUntil(idle, timeout=60_000)
    controller.perform("discard")
    controller.perform("go_refine")
    controller.perform("undo")  # the same on page 2
    assert (bench.project.model, bench.project.previous) == (run / "model", model)
    qtbot.waitUntil(idle, timeout=60_000)


def test_the_report_of_a_run_is_written_beside_it_and_opened(
    open_dock: UnlearnWidget, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    controller = open_dock.controller
    bench = controller.bench
    copy = Path(shutil.copytree(run, tmp_path / "runs" / "one"))
    opened: list[Path] = []
    monkeypatch.setattr("napari_unlearn.plugin.unlearning.open_file", lambda path: opened.append(path))
    assert not open_dock.findChild(QPushButton, "report").isEnabledTo(open_dock)
    bench.project.revise(copy / "model")
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    controller.perform("report")
    qtbot.waitUntil(lambda: not bench.task.state.busy, timeout=120_000)
    assert last_message(open_dock)[0] == "done", open_dock.messages.shown
    assert opened == [tmp_path / "runs" / "one.report.html"]
    assert "Not in this report" not in opened[0].read_text(encoding="utf-8")


def test_a_run_in_test_mode_shows_that_it_is_not_certified(
    open_dock: UnlearnWidget, run: Path, tmp_path: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    nothing = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
    seeded = dataclasses.replace(
        read_certificate(run), operator="residual-head", noise="fixed seed 3, for tests", **nothing
    )
    write_certificate(copy, seeded)
    controller.bench.project.revise(copy / "model")
    controller.unlearning.show_last_run()
    shown = [child.text() for child in open_dock.compare.findChildren(QLabel)]
    assert "Not certified: the noise can be repeated (fixed seed 3, for tests), so the run is a test." in shown
    assert "Empirical" in shown
    assert "Certified head" not in shown
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_a_run_of_an_operator_that_is_no_longer_installed_can_still_be_seen(
    open_dock: UnlearnWidget, run: Path, tmp_path: Path, qtbot: Any
) -> None:
    controller = open_dock.controller
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    nothing = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
    write_certificate(copy, dataclasses.replace(read_certificate(run), operator="gone", **nothing))
    controller.bench.project.revise(copy / "model")
    controller.unlearning.show_last_run()
    shown = [child.text() for child in open_dock.compare.findChildren(QLabel)]
    assert "<b>gone</b>" in shown
    assert "Empirical" in shown
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_what_a_budget_costs_is_drawn_and_nothing_is_changed(open_dock: UnlearnWidget, qtbot: Any) -> None:
    controller, page = open_dock.controller, open_dock.unlearn
    bench = controller.bench
    before = bench.project.model
    button = open_dock.findChild(QPushButton, "plan")
    assert not button.isEnabledTo(open_dock)
    open_dock.findChild(QRadioButton, "gradient-clipping").setChecked(True)
    assert button.isEnabledTo(open_dock)
    assert open_dock.findChild(QSlider, "epsilon_slider").isEnabledTo(open_dock)
    controller.perform("plan")
    qtbot.waitUntil(lambda: not bench.task.state.busy, timeout=120_000)
    assert page.plan.isVisibleTo(page), open_dock.messages.shown
    assert bench.project.model == before
    assert bench.project.previous is None
    open_dock.findChild(QRadioButton, "residual-head").setChecked(True)
    assert not page.plan.isVisibleTo(page)
    bench.project.revise(before)
    open_dock.findChild(QRadioButton, "gradient-clipping").setChecked(True)
    assert not page.plan.isVisibleTo(page)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_what_cannot_be_planned_is_greyed_out_and_says_why(
    open_dock: UnlearnWidget, model: Path, unet: Path, qtbot: Any
) -> None:
    controller, button = open_dock.controller, open_dock.findChild(QPushButton, "plan")
    open_dock.findChild(QRadioButton, "gradient-clipping").setChecked(True)
    assert button.isEnabledTo(open_dock)
    assert "Takes a minute or so" in button.toolTip()
    open_dock.findChild(QRadioButton, "pnsgd").setChecked(True)
    assert not button.isEnabledTo(open_dock)
    assert "goes on with the training of the head in use" in button.toolTip()
    open_dock.findChild(QRadioButton, "gradient-clipping").setChecked(True)
    controller.bench.project.use_model(unet)
    assert not button.isEnabledTo(open_dock)
    assert "the model in use is a U-Net" in button.toolTip()
    controller.bench.project.use_model(model)
    assert button.isEnabledTo(open_dock)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_whole_cases_are_chosen_by_a_criterion_that_is_counted_while_it_is_typed(
    open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    found, field = open_dock.findChild(QLabel, "forget_count"), open_dock.findChild(QLineEdit, "forget_cases")
    requests = []
    monkeypatch.setattr(open_dock.controller.bench, "run", lambda job, request, *rest: requests.append(request))
    open_dock.controller.perform("unlearn")
    open_dock.findChild(QToolButton, "forget_section").setChecked(True)
    assert found.text().startswith("Columns of this data set: dark_corner, device, diagnosis, ")
    training = open_dock.controller.bench.project.dataset.split("train")
    refined = next(case for case in training if case.is_refined)
    qtbot.keyClicks(field, "id")
    assert "'id' in 'id' is no condition" in found.text()
    qtbot.keyClicks(field, " = nobody")
    assert found.text().startswith("No case fits 'id = nobody'")
    field.setText(f"id = {refined.id}")
    assert found.text() == "<b>1</b> of 12 training cases fits, 1 of them refined."
    field.setText("split = train")
    assert found.text().startswith("No training case with a coarse mask is left")
    field.setText(f"id = {refined.id}")
    open_dock.findChild(QCheckBox, "keep_coarse").setChecked(True)
    open_dock.controller.perform("unlearn")
    assert [(request.forget_cases, request.keep_coarse) for request in requests] == [
        (None, False),
        (f"id = {refined.id}", True),
    ]


def test_a_run_that_forgot_whole_cases_tells_what_is_left_to_do(open_dock: UnlearnWidget, qtbot: Any) -> None:
    controller = open_dock.controller
    case = next(case for case in controller.bench.project.dataset.split("train") if not case.is_refined)
    open_dock.findChild(QToolButton, "forget_section").setChecked(True)
    open_dock.findChild(QLineEdit, "forget_cases").setText(f"id = {case.id}")
    controller.perform("unlearn")
    qtbot.waitUntil(lambda: controller.bench.project.previous is not None, timeout=120_000)
    qtbot.waitUntil(lambda: not controller.bench.task.state.busy, timeout=120_000)
    assert any(sentence.startswith("Forgot 1 whole case.") for _, sentence in open_dock.messages.shown)
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)


def test_the_window_runs_an_operator_of_the_ball_with_planned_numbers(
    open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = []
    monkeypatch.setattr(open_dock.controller.bench, "run", lambda job, request, *rest: requests.append(request))
    for name in ("gradient-clipping", "residual-head"):
        open_dock.findChild(QRadioButton, name).setChecked(True)
        open_dock.controller.perform("unlearn")
    assert [request.plan for request in requests] == [True, False]


def test_a_revised_model_is_exported_in_the_format_that_is_chosen(
    open_dock: UnlearnWidget, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    controller = open_dock.controller
    bench = controller.bench
    bench.project.revise(run / "model")
    qtbot.waitUntil(lambda: not controller.predicting.task.state.busy, timeout=60_000)
    controller.unlearning.show_last_run()
    open_dock.compare.export_choice.choose("safetensors")
    monkeypatch.setattr("napari_unlearn.plugin.unlearning.choose_folder", lambda *_: tmp_path / "out")
    controller.perform("export")
    qtbot.waitUntil(lambda: not bench.task.state.busy, timeout=60_000)
    assert last_message(open_dock)[0] == "done"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"certificate.json", "config.json", "export.json", "model.safetensors", "predict.py", "README.md"}


@pytest.mark.parametrize("action", ["unlearn", "plan"])
def test_a_job_finds_in_the_files_what_was_brushed_on_the_case_before(
    action: str, open_dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_unlearn.project.store.IDLE", 3600.0)  # the background has not come to it yet
    bench = open_dock.controller.bench
    project, ran = bench.project, []
    monkeypatch.setattr(bench, "run", lambda *_: ran.append(read_mask(saved).any()))
    saved = project.dataset.root / "fine" / f"{project.case.id}.png"
    assert project.save_stroke()
    project.editing.fine[...] = 0
    project.editing.touch()
    assert project.leave(wait=False)
    project.adopt(project.load(project.order[-1]))
    assert read_mask(saved).any()
    open_dock.findChild(QRadioButton, "residual-head").setChecked(True)
    open_dock.controller.unlearning.start() if action == "unlearn" else open_dock.controller.unlearning.plan()
    assert ran == [False]
