"""A bar that is drawn together with everything else."""

from __future__ import annotations

from qtpy.QtWidgets import QProgressBar


class Bar(QProgressBar):
    """A progress bar without text, cheap enough to follow every movement of the brush."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)

    def setValue(self, value: int) -> None:
        """Show another value with the next frame.

        Left to itself, Qt draws it at once, and with it the picture of the case beside it: a frame for every number.
        """
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)
