from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.project import saver as module
from napari_unlearn.project.saver import Saver


@pytest.fixture
def saver() -> Iterator[Saver]:
    saver = Saver()
    yield saver
    saver.close()


def test_what_is_asked_for_twice_is_done_once_with_the_latest(saver: Saver) -> None:
    done: list[str] = []
    saver.later("a", lambda: done.append("old"), 60.0)
    saver.later("a", lambda: done.append("new"), 60.0)
    saver.later("b", lambda: done.append("b"), 60.0)
    saver.close()
    assert sorted(done) == ["b", "new"]


def test_strokes_that_go_on_do_not_put_it_off_for_ever(saver: Saver) -> None:
    done = threading.Event()
    saver.later("a", done.set, 0.0)
    saver.later("a", done.set, 60.0)
    assert done.wait(10.0)


@pytest.mark.parametrize("error", [UserError("x cannot be saved."), OSError(28, "No space left on device", "x")])
def test_what_fails_is_said_and_tried_again(saver: Saver, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.01)
    seen: list[dict[str, str]] = []
    done = threading.Event()

    def work() -> None:
        seen.append(dict(saver.failures))
        if len(seen) < 3:
            raise error
        done.set()

    saver.later("a", work, 0.0)
    assert done.wait(10.0)
    saver.drop("a")  # waits until it is no longer being done
    assert saver.failures == {}
    assert seen[0] == {}
    assert "x cannot be" in seen[2]["a"]


def test_what_is_dropped_is_not_done(saver: Saver) -> None:
    done: list[int] = []
    saver.later("a", lambda: done.append(1), 60.0)
    saver.drop("a")
    saver.close()
    assert done == []


def test_closing_twice_or_without_anything_to_do_is_no_harm() -> None:
    saver, done = Saver(), []
    saver.close()
    saver.close()
    saver.later("a", lambda: done.append(1), 0.0)
    saver.close()
    assert done == []
