from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from npe2 import PluginManifest

from napari_unlearn.plugin import commands
from napari_unlearn.plugin.widget import UnlearnWidget

VERBS = {
    commands.open_folder: "open_folder",
    commands.choose_model: "choose_model",
    commands.train_model: "train_model",
    commands.next_unrefined: "next_unrefined",
    commands.suggest_next: "suggest_next",
    commands.refine_case: "go_refine",
    commands.propose_mask: "propose",
    commands.start_unlearning: "unlearn",
    commands.measure_models: "measure",
    commands.show_feature_map: "feature_map",
    commands.list_runs: "history",
    commands.write_report: "report",
    commands.export_model: "export",
    commands.discard_revision: "discard",
    commands.show_keys: "show_help",
}


def test_each_verb_does_what_its_button_does(dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    performed: list[str] = []
    monkeypatch.setattr(dock.controller, "perform", performed.append)
    for command in VERBS:
        command()
    assert performed == list(VERBS.values())
    assert set(performed) <= set(dock.controller.actions)


def test_a_verb_that_cannot_be_done_yet_opens_the_dock_and_says_why(dock: UnlearnWidget) -> None:
    get_app_model().commands.execute_command("napari-unlearn.start").result()
    assert dock.messages.shown == [("note", "Open a folder of images first (step 1).")]


def test_verbs_are_in_the_menus_and_all_of_them_in_the_palette(dock: UnlearnWidget) -> None:
    app = get_app_model()
    contributed = PluginManifest.from_distribution("napari-unlearn").contributions
    assert set(contributed.menus) == {"napari/file/io_utilities", "napari/layers/annotate", "napari/layers/segment"}
    for menu, items in contributed.menus.items():
        shown = {item.command.id for item in app.menus.get_menu(menu) if hasattr(item, "command")}
        assert {item.command for item in items} <= shown
    offered = {item.command.id for item in app.menus.get_menu(app.menus.COMMAND_PALETTE_ID)}
    verbs = {command.id for command in contributed.commands or [] if "commands:" in str(command.python_name)}
    assert len(verbs) == len(VERBS)
    assert verbs <= offered
