"""Says what the leakage map shows where the mouse is, and what that means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_unlearn.plugin.layers import LEAKAGES, LayerBook

WORDS = ((0.01, "next to nothing"), (0.33, "a little"), (0.67, "something"), (float("inf"), "much"))


class Hover:
    """Follows the mouse over one viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    book : LayerBook
        Knows the leakage maps.
    tell : callable
        Given a sentence, "" where the mouse is not over a map that can be seen.
    """

    def __init__(self, viewer: Any, book: LayerBook, tell: Callable[[str], object]) -> None:
        self._book = book
        self._tell = tell
        viewer.mouse_move_callbacks.append(self._on_move)

    def _on_move(self, viewer: Any, event: Any) -> None:
        maps = [layer for role in LEAKAGES if (layer := self._book.find(role)) is not None and layer.visible]
        if not maps:
            return
        value = maps[-1].get_value(event.position, world=True)
        self._tell("" if value is None else meaning(float(value), float(maps[-1].contrast_limits[1])))


def meaning(value: float, highest: float) -> str:
    """What a value of a leakage map means, for a clinician.

    Parameters
    ----------
    value : float
        Nats, all measured images together.
    highest : float
        Upper end of the colours; nearly the largest value before or after.

    Returns
    -------
    str
    """
    share = value / highest if highest > 0 else 0.0
    word = next(word for end, word in WORDS if share < end)
    return (
        f"Here {value:.2g} nats, {100 * share:.0f} % of the strongest place: over all measured images, an artefact "
        f"here tells {word} about whether the model is right."
    )
