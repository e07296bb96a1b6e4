from __future__ import annotations

from napari.components import ViewerModel
from napari.utils.shortcuts import default_shortcuts

from napari_unlearn.plugin.shortcuts import SHORTCUTS, Keys, key_of


def test_no_key_is_one_of_napari_s_own() -> None:
    theirs = {str(key).casefold() for keys in default_shortcuts.values() for key in keys}
    assert not theirs & {written.casefold() for _, written in SHORTCUTS.values()}


def test_keys_act_while_bound_and_leave_those_of_others_alone() -> None:
    viewer = ViewerModel()
    viewer.bind_key("N", lambda _: None)
    theirs = dict(viewer.keymap)
    pressed: list[str] = []
    keys = Keys(viewer, {name: (lambda name=name: pressed.append(name)) for name, _ in SHORTCUTS.values()})
    keys.bind()
    ours = {key: press for key, press in viewer.keymap.items() if key not in theirs}
    assert len(ours) == len(SHORTCUTS) - 1
    for press in ours.values():
        press(viewer)
    assert set(pressed) == {name for name, _ in SHORTCUTS.values()} - {"next_case"}
    keys.release()
    assert dict(viewer.keymap) == theirs


def test_a_key_is_written_for_people() -> None:
    assert key_of("previous_case") == "Shift+N"
    assert key_of("export") == ""
