from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.project.delta import Mask, whole
from napari_unlearn.project.history import ARTEFACTS, FINE, Step
from napari_unlearn.project.journal import Reading, Record
from napari_unlearn.project.replay import base, difference, replay, saved, shape_of

SHAPE = (3, 4)


def mask(*pixels: int) -> Mask:
    made = np.zeros(SHAPE, np.uint8)
    made.flat[list(pixels)] = 1
    return made


def step(before: Mask, after: Mask, layer: str = FINE) -> Record:
    return Step("trim", layer, difference(before, after)).record("noon")


STATES = [mask(*range(3, number, -1)) for number in range(-1, 4)]  # one pixel less each time
STEPS = [step(a, b) for a, b in itertools.pairwise(STATES)]
START = base(FINE, whole(STATES[0]), SHAPE, 1)


@given(st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_a_file_that_lags_behind_its_journal_is_caught_up_with(file: int, mark: int, marked: bool) -> None:
    records = [START, *STEPS[:mark], *([saved(FINE, mark + 1)] if marked else []), *STEPS[mark:]]
    _, courses = replay(Reading(tuple(records)), SHAPE, {FINE: STATES[file]})
    assert np.array_equal(courses[FINE].mask, STATES[4])
    # A file from before the mark was put back by somebody.
    assert courses[FINE].after == (None if marked and file < mark else 4 - file)


def test_a_mask_that_was_never_written_is_all_in_the_journal() -> None:
    _, courses = replay(Reading((START, *STEPS[:2])), SHAPE, {FINE: None})
    assert courses[FINE].after == 2
    assert np.array_equal(courses[FINE].mask, STATES[2])


def test_a_file_that_was_deleted_or_holds_something_else_was_changed_by_somebody() -> None:
    reading = Reading((START, STEPS[0], saved(FINE, 2)))
    for file in (None, mask(11)):
        _, courses = replay(reading, SHAPE, {FINE: file})
        assert courses[FINE].after is None
        assert np.array_equal(courses[FINE].mask, STATES[1])


def test_undoing_and_redoing_is_followed() -> None:
    undo, redo = Record({"do": "undo"}), Record({"do": "redo"})
    reading = Reading((START, STEPS[0], STEPS[1], undo, undo, redo))
    history, courses = replay(reading, SHAPE, {FINE: STATES[0]})
    assert np.array_equal(courses[FINE].mask, STATES[1])
    assert (history.done, len(history.steps)) == (1, 2)
    assert courses[FINE].after == 1  # the undo that led back to the file is done, and so is the redo after it


def test_a_later_base_is_gone_on_from_unless_the_file_may_be_older() -> None:
    wrong = base(FINE, whole(mask(11)), SHAPE, 3)  # shows itself wherever it is used
    records = (START, STEPS[0], STEPS[1], wrong, saved(FINE, 5), STEPS[2])
    _, courses = replay(Reading(records), SHAPE, {FINE: None})
    assert courses[FINE].mask.flat[11] == 1
    _, courses = replay(Reading((*records[:4], STEPS[2])), SHAPE, {FINE: STATES[1]})
    assert np.array_equal(courses[FINE].mask, STATES[3])
    assert courses[FINE].after == 2


def test_layers_do_not_mix() -> None:
    ruler = mask(7)
    records = (START, base(ARTEFACTS, b"", SHAPE, 2), STEPS[0], step(mask(), ruler, ARTEFACTS))
    history, courses = replay(Reading(records), SHAPE, {FINE: STATES[1], ARTEFACTS: None})
    assert courses[FINE].after == 0
    assert courses[ARTEFACTS].after == 1
    assert np.array_equal(courses[ARTEFACTS].mask, ruler)
    assert [entry.layer for entry in history.steps] == [FINE, ARTEFACTS]


def test_a_journal_begins_with_the_size_of_its_masks() -> None:
    assert shape_of(Reading((START,))) == SHAPE
    assert shape_of(Reading((STEPS[0], START))) is None
    assert shape_of(Reading((Record({"do": "base", "shape": [3]}),))) is None
    assert shape_of(Reading()) is None


def test_marks_that_refer_to_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="not there"):
        replay(Reading((START, saved(FINE, 9))), SHAPE, {FINE: None})
