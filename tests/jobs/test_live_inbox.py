from __future__ import annotations

import threading

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.live_inbox import Inbox


def test_of_several_strokes_on_a_case_only_the_last_is_handed_out(sample: Dataset) -> None:
    inbox, (one, two, *_) = Inbox(), sample.cases
    mask = np.zeros((2, 2), np.uint8)
    assert inbox.take(0) is None
    assert [inbox.stroke(one, mask), inbox.stroke(two, mask), inbox.stroke(one, mask + 1)] == [1, 2, 3]
    assert inbox.waiting
    mail = inbox.take(0)
    assert mail is not None
    assert {stroke.case.id: stroke.fine.max() for stroke in mail.strokes} == {one.id: 1, two.id: 0}
    assert (mail.look, mail.generation) == (one, 3)
    assert not inbox.waiting
    assert inbox.take(0) is None


def test_a_stroke_is_a_copy(sample: Dataset) -> None:
    inbox, mask = Inbox(), np.ones((2, 2), np.uint8)
    inbox.stroke(sample.cases[0], mask)
    mask[:] = 0
    mail = inbox.take(0)
    assert mail is not None
    assert mail.strokes[0].fine.all()


def test_another_case_in_hand_overtakes_nothing_but_closing_does(sample: Dataset) -> None:
    inbox = Inbox()
    inbox.look(sample.cases[0])
    assert inbox.any
    assert not inbox.waiting
    inbox.close()
    assert inbox.waiting
    assert inbox.closed


def test_whoever_waits_is_woken(sample: Dataset) -> None:
    inbox = Inbox()
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(inbox.take(60)))
    waiting.start()
    inbox.stroke(sample.cases[0], np.zeros((2, 2), np.uint8))
    waiting.join(60)
    assert got[0] is not None
