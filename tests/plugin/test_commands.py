from __future__ import annotations

import pytest

from napari_unlearn.plugin import commands
from napari_unlearn.plugin.widget import UnlearnWidget

VERBS = {
    commands.open_folder: "open_folder",
    commands.next_unrefined: "next_unrefined",
    commands.refine_case: "go_refine",
    commands.start_unlearning: "unlearn",
    commands.export_model: "export",
    commands.discard_revision: "discard",
}


def test_each_verb_does_what_its_button_does(dock: UnlearnWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    performed: list[str] = []
    monkeypatch.setattr(dock.controller, "perform", performed.append)
    for command in VERBS:
        command()
    assert performed == list(VERBS.values())
    assert set(performed) <= set(dock.controller.actions)
