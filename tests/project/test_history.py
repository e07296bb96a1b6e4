from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.project.delta import Delta, between, tiles
from napari_unlearn.project.history import ARTEFACTS, FINE, MODEL, History, Step
from napari_unlearn.project.journal import Record

SHAPE = (4, 5)
SWAP = (("new", "old"), ("old", None))


def delta(row: int) -> Delta:
    after = np.zeros(SHAPE, np.uint8)
    after[row] = 1
    change = between(np.zeros(SHAPE, np.uint8), after, tiles(SHAPE))
    assert change is not None
    return change


@pytest.mark.parametrize(
    "step",
    [Step("trim", FINE, delta(0)), Step("ruler", ARTEFACTS, delta(1)), Step("discard model", MODEL, models=SWAP)],
)
def test_a_step_comes_back_from_its_record(step: Step) -> None:
    facts = {**step.record("noon").facts}
    if "models" in facts:
        facts["models"] = [list(pair) for pair in facts["models"]]  # as JSON has it
    assert History().take(Record(facts, step.record("noon").body), SHAPE) == step


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History()
    first, second, third = (Step(str(row), FINE, delta(row)) for row in range(3))
    history.add(first)
    history.add(second)
    assert history.take(Record({"do": "undo"}), SHAPE) == second
    assert (history.last, history.next) == (first, second)
    assert history.take(Record({"do": "redo"}), SHAPE) == second
    history.back()
    history.add(third)
    assert (history.last, history.next) == (third, None)
    assert history.steps == [first, third]


def test_other_records_change_nothing() -> None:
    history = History()
    assert history.take(Record({"do": "saved", "layer": FINE, "records": 0}), SHAPE) is None
    assert (history.last, history.next) == (None, None)


@pytest.mark.parametrize(
    "record",
    [
        Record({"do": "undo"}),
        Record({"do": "redo"}),
        Record({"do": "step", "layer": "coarse"}, delta(0).data),
        Record({"do": "step", "layer": FINE}, b"nonsense"),
        Record({"do": "step", "layer": MODEL}),
        Record({"do": "step", "layer": MODEL, "models": [[1, 2], [3, 4]]}),
    ],
)
def test_records_that_make_no_sense_are_refused(record: Record) -> None:
    with pytest.raises(ValueError, match=r"nothing|not known|cannot be read|model"):
        History().take(record, SHAPE)
