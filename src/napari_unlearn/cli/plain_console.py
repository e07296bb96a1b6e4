"""A terminal that shows what files say, and does nothing that they say."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

# Shown as they are written in Python, except line break and tab: others make a terminal do things.
CONTROL = {number: f"\\x{number:02x}" for number in (*range(9), *range(11, 32), *range(127, 160))}


class PlainConsole(Console):
    """A terminal on which names from files mean nothing: no markup, and no control characters."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string, also one in a table, into what is shown."""
        return super().render_str(text.translate(CONTROL), **options)
