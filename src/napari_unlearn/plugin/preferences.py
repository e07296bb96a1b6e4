"""What the page *Unlearn* of napari's preferences says.

napari keeps settings of plugins since version 0.9; before that there is no such page, and the defaults count. They
stand here and in the manifest, and a test holds both together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PLUGIN = "napari-unlearn"
GROUP = "window"
DEFAULTS: dict[str, Any] = {"device": "auto", "brush_size": 0, "mouse_hand": "right"}


class Preferences:
    """Reads them at any time, and tells when one has changed."""

    def __init__(self) -> None:
        self._group = _group()

    @property
    def device(self) -> str:
        """Where to compute: a key of `views.device_picker.NAMES`."""
        return str(self._value("device"))

    @property
    def brush_size(self) -> int:
        """Diameter of the brush in pixels of the image when a window opens; 0 fits it to the image."""
        return int(self._value("brush_size"))

    @property
    def mouse_hand(self) -> str:
        """Hand that holds the mouse: a key of `shortcuts.TABLES`."""
        return str(self._value("mouse_hand"))

    def connect(self, name: str, told: Callable[[], object]) -> Callable[[], None]:
        """Call `told` whenever a preference changes.

        Parameters
        ----------
        name : str
            A key of `DEFAULTS`.
        told : callable
            Takes no argument.

        Returns
        -------
        callable
            Ends that.
        """
        if self._group is None:
            return _nothing
        emitter = getattr(self._group.events, name)

        def tell(event: object) -> None:
            told()

        emitter.connect(tell)
        return lambda: emitter.disconnect(tell)

    def _value(self, name: str) -> Any:
        return DEFAULTS[name] if self._group is None else getattr(self._group, name)


def _group() -> Any:
    try:
        from napari.settings import get_plugin_settings
    except ImportError:
        return None
    try:
        return getattr(get_plugin_settings(PLUGIN), GROUP)
    except KeyError:  # the plugin runs without being installed
        return None


def _nothing() -> None:
    """There is no page that could change."""
