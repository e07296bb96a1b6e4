from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app_model.types import KeyBinding
from napari._app_model import get_app_model
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from napari.utils.shortcuts import default_shortcuts

from napari_unlearn.plugin.shortcuts import LEFT_MOUSE, SHORTCUTS, TABLES, Keys, key_of


def test_no_key_is_one_of_napari_s_own() -> None:
    theirs = {str(key).casefold() for keys in default_shortcuts.values() for key in keys}
    assert not theirs & {written.casefold() for _, written in SHORTCUTS.values()}


def test_no_key_is_bound_by_napari_s_menus_viewers_or_layers(make_napari_viewer: Callable[..., Any]) -> None:
    make_napari_viewer()
    ours = {KeyBinding.from_str(key.replace("-", "+")) for key in SHORTCUTS}
    menus = {binding.keybinding for binding in get_app_model().keybindings}
    maps = (ViewerModel.class_keymap, *(kind.class_keymap for kind in (Layer, Labels, Image)))
    theirs = {KeyBinding.validate(key) for keymap in maps for key in keymap}
    assert len(menus) > 10
    assert not ours & (menus | theirs)


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


def test_no_key_of_the_other_hand_is_taken_either_and_each_does_one_thing(
    make_napari_viewer: Callable[..., Any],
) -> None:
    make_napari_viewer()
    ours = {KeyBinding.from_str(key.replace("-", "+")) for key in LEFT_MOUSE}
    maps = (ViewerModel.class_keymap, *(kind.class_keymap for kind in (Layer, Labels, Image)))
    theirs = {KeyBinding.validate(key) for keymap in maps for key in keymap}
    assert not ours & ({binding.keybinding for binding in get_app_model().keybindings} | theirs)
    written = {each.casefold() for _, each in LEFT_MOUSE.values()}
    assert not written & {str(key).casefold() for keys in default_shortcuts.values() for key in keys}
    assert len(written) == len(LEFT_MOUSE) == len({action for action, _ in LEFT_MOUSE.values()})
    assert {action for action, _ in SHORTCUTS.values()} <= {action for action, _ in LEFT_MOUSE.values()}


def test_another_table_takes_the_place_of_the_first_while_keys_are_bound() -> None:
    viewer = ViewerModel()
    actions = {action for table in TABLES.values() for action, _ in table.values()}
    keys = Keys(viewer, {action: (lambda: None) for action in actions})
    before = len(viewer.keymap)
    keys.use(LEFT_MOUSE)
    assert len(viewer.keymap) == before  # nothing is bound while the dock is closed
    keys.bind()
    keys.use(SHORTCUTS)
    assert len(viewer.keymap) == before + len(SHORTCUTS)
    keys.release()
    assert len(viewer.keymap) == before


def test_a_key_is_written_for_people() -> None:
    assert key_of("previous_case") == "Shift+N"
    assert key_of("export") == ""
    assert key_of("propose", LEFT_MOUSE) == "H"
    assert key_of("show_after") == key_of("blink") == "Q"
