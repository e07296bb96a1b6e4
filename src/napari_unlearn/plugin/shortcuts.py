"""Keys of the window, in one table; they work while the dock is open and leave napari's own keys alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Key of napari's binding table -> (action as in the table of texts, how the key is written for people)
SHORTCUTS: dict[str, tuple[str, str]] = {
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
# Keys of the fine mask while it is brushed: our undo, and those of napari that are worth knowing.
BRUSHING: tuple[tuple[str, str], ...] = (
    ("Ctrl+Z", "Undo, also of an earlier session"),
    ("Ctrl+Shift+Z", "Redo"),
    ("1", "Trim (eraser)"),
    ("2", "Restore (brush)"),
    ("[   ]", "Smaller or larger brush"),
    ("Space", "Hold to move the image"),
)


def key_of(action: str) -> str:
    """How the key of `action` is written for people, "" where it has none."""
    return next((written for name, written in SHORTCUTS.values() if name == action), "")


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

    def bind(self) -> None:
        """Bind every key that nobody else has bound on this viewer."""
        for key, (action, _) in SHORTCUTS.items():
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
