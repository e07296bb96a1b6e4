"""What was done to one case, in order, and how far it is undone. As long as the journal; there is no other limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_unlearn.project.delta import Delta, read
from napari_unlearn.project.journal import Record

FINE, ARTEFACTS, MODEL = "fine", "artefacts", "model"
DISCARD = "discard model"  # what the step is called
Models = tuple[str | None, str | None]  # the model in use, and the one that *Discard* returns to


@dataclass(frozen=True)
class Step:
    """One thing that can be undone.

    Attributes
    ----------
    what : str
        What it was, for people: "brush", "fill", "start from coarse".
    layer : str
        What it changed: `FINE`, `ARTEFACTS` or `MODEL`.
    delta : Delta or None
        The change of a mask.
    models : tuple of two Models, or None
        Before and after, of a change of the model.
    """

    what: str
    layer: str
    delta: Delta | None = None
    models: tuple[Models, Models] | None = None

    def record(self, when: str) -> Record:
        """Entry of the journal for this step, done at `when`."""
        facts: dict[str, Any] = {"do": "step", "what": self.what, "layer": self.layer, "when": when}
        if self.models is not None:
            facts["models"] = self.models
        return Record(facts, b"" if self.delta is None else self.delta.data)


class History:
    """Steps done and undone."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.done = 0  # steps[done:] are undone, and can be done again

    def add(self, step: Step) -> None:
        """Note a step; what was undone before it can no longer be done again."""
        del self.steps[self.done :]
        self.steps.append(step)
        self.done += 1

    @property
    def last(self) -> Step | None:
        """What undo would take back."""
        return self.steps[self.done - 1] if self.done else None

    @property
    def next(self) -> Step | None:
        """What redo would do again."""
        return self.steps[self.done] if self.done < len(self.steps) else None

    @property
    def undoable(self) -> str:
        """What undo would take back, for people; "" where there is nothing."""
        return "" if self.last is None else self.last.what

    @property
    def redoable(self) -> str:
        """What redo would do again, for people; "" where there is nothing."""
        return "" if self.next is None else self.next.what

    def take(self, record: Record, shape: tuple[int, int]) -> Step | None:
        """Follow one record of a journal.

        Parameters
        ----------
        record : Record
            The record.
        shape : tuple of int
            Height and width of the masks.

        Returns
        -------
        Step or None
            The step that was done, undone or done again; None for a record of another kind.

        Raises
        ------
        ValueError
            The record makes no sense here.
        """
        match record.facts.get("do"):
            case "step":
                step = _step(record, shape)
                self.add(step)
                return step
            case "undo":
                return self.back()
            case "redo":
                return self.forward()
        return None

    def back(self) -> Step:
        """Move behind the last step.

        Raises
        ------
        ValueError
            There is none.
        """
        if self.last is None:
            raise ValueError("There is nothing to undo.")
        self.done -= 1
        return self.steps[self.done]

    def forward(self) -> Step:
        """Move past the next step.

        Raises
        ------
        ValueError
            There is none.
        """
        if self.next is None:
            raise ValueError("There is nothing to redo.")
        self.done += 1
        return self.steps[self.done - 1]


def _step(record: Record, shape: tuple[int, int]) -> Step:
    facts: Mapping[str, Any] = record.facts
    what, layer = str(facts.get("what", "")), facts.get("layer")
    if layer in (FINE, ARTEFACTS):
        return Step(what, layer, read(record.body, shape))
    if layer == MODEL:
        try:
            before, after = ((_name(a), _name(b)) for a, b in facts["models"])
        except (KeyError, TypeError) as error:
            raise ValueError("A change of model names no models.") from error
        return Step(what, MODEL, models=(before, after))
    raise ValueError(f"A step changes {layer!r}, which is not known.")


def _name(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError("A model is named by its folder.")
