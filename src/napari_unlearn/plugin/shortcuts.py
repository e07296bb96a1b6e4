"""Keys of the window, in one table a hand; they work while the dock is open and leave napari's own keys alone.

Few keys are free beside napari's. Those of the second table lie under the right hand, for people who hold the mouse in
the left one; letters, digits, comma and full stop have a place on every keyboard, others often need a second key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Table = Mapping[str, tuple[str, str]]
# Key of napari's binding table -> (action as in the table of texts, how the key is written for people)
SHORTCUTS: Table = {
    "N": ("next_case", "N"),
    "Shift-N": ("previous_case", "Shift+N"),
    "U": ("next_unrefined", "U"),
    "J": ("suggest_next", "J"),
    "G": ("propose", "G"),
    "K": ("accept_proposal", "K"),
    "Shift-K": ("reject_proposal", "Shift+K"),
    "Shift-D": ("done_refining", "Shift+D"),
    "Shift-U": ("unlearn", "Shift+U"),
    "Q": ("blink", "Q"),
    "H": ("toggle_artefacts", "H"),
    "F1": ("show_help", "F1"),
}
LEFT_MOUSE: Table = {
    "N": ("next_case", "N"),
    "Shift-N": ("previous_case", "Shift+N"),
    "U": ("next_unrefined", "U"),
    "J": ("suggest_next", "J"),
    "0": ("tool_trim", "0"),
    "9": ("tool_restore", "9"),
    "8": ("tool_fill", "8"),
    "F8": ("undo", "F8"),
    "F9": ("redo", "F9"),
    "H": ("propose", "H"),
    "K": ("accept_proposal", "K"),
    "Shift-K": ("reject_proposal", "Shift+K"),
    "Shift-J": ("done_refining", "Shift+J"),
    "Shift-U": ("unlearn", "Shift+U"),
    ",": ("blink", ","),
    ".": ("toggle_artefacts", "."),
    "F1": ("show_help", "F1"),
}
TABLES: Mapping[str, Table] = {"right": SHORTCUTS, "left": LEFT_MOUSE}  # by the hand that holds the mouse
# Keys of the fine mask while it is brushed: our undo, and those of napari that are worth knowing.
BRUSHING: tuple[tuple[str, str], ...] = (
    ("Ctrl+Z", "Undo, also of an earlier session"),
    ("Ctrl+Shift+Z", "Redo"),
    ("1", "Trim (eraser)"),
    ("2", "Restore (brush)"),
    ("[   ]", "Smaller or larger brush"),
    ("Space", "Hold to move the image"),
)
SHARED = {"show_before": "blink", "show_after": "blink"}  # buttons that the key of another action presses in turn


def key_of(action: str, table: Table = SHORTCUTS) -> str:
    """How the key of `action` is written for people, "" where it has none."""
    pressed = SHARED.get(action, action)
    return next((written for name, written in table.values() if name == pressed), "")


class Keys:
    """Binds the table to a viewer, and takes back exactly what it bound.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose keys to bind.
    actions : mapping of str to callable
        What each action of the table does; takes no argument.
    """

    def __init__(self, viewer: Any, actions: Mapping[str, Callable[[], object]]) -> None:
        self._viewer = viewer
        self._actions = actions
        self._bound: dict[str, Callable[[Any], None]] = {}
        self._table: Table = SHORTCUTS

    def use(self, table: Table) -> None:
        """Take another table, at once where keys are bound."""
        bound = bool(self._bound)
        self.release()
        self._table = table
        if bound:
            self.bind()

    def bind(self) -> None:
        """Bind every key that nobody else has bound on this viewer."""
        for key, (action, _) in self._table.items():
            if key not in self._bound and not self._taken(key):
                handler = self._handler(self._actions[action])
                self._viewer.bind_key(key, handler)
                self._bound[key] = handler

    def release(self) -> None:
        """Take the keys back."""
        for key in self._bound:
            self._viewer.bind_key(key, None)
        self._bound.clear()

    def _taken(self, key: str) -> bool:
        from app_model.types import KeyBinding

        wanted = KeyBinding.from_str(key.replace("-", "+"))
        return any(KeyBinding.validate(bound) == wanted for bound in self._viewer.keymap)

    @staticmethod
    def _handler(action: Callable[[], object]) -> Callable[[Any], None]:
        def press(viewer: Any) -> None:
            action()

        return press
