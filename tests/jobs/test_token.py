"""Stopping and holding a job from another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from napari_unlearn.jobs.token import CancelledError, Token

LONG = 30  # seconds; only a test that fails waits for so long


class Worker(threading.Thread):
    """Passes one checkpoint and remembers how."""

    def __init__(self, token: Token) -> None:
        super().__init__(daemon=True)
        self.token, self.outcome, self.reached = token, "", threading.Event()
        self.start()

    def run(self) -> None:
        self.reached.set()
        try:
            self.token.checkpoint()
            self.outcome = "went on"
        except CancelledError:
            self.outcome = "cancelled"

    def end(self) -> str:
        self.join(LONG)
        return self.outcome


def test_a_new_token_lets_a_job_pass() -> None:
    token = Token()
    token.checkpoint()
    assert (token.cancelled, token.paused) == (False, False)


def test_a_cancelled_job_ends_at_its_next_checkpoint() -> None:
    token = Token()
    token.cancel()
    for _ in range(2):
        with pytest.raises(CancelledError):
            token.checkpoint()


@pytest.mark.parametrize(("ask", "outcome"), [(Token.resume, "went on"), (Token.cancel, "cancelled")])
def test_a_paused_job_waits_for_the_other_thread(ask: Callable[[Token], None], outcome: str) -> None:
    token = Token()
    token.pause()
    assert token.paused
    worker = Worker(token)
    assert worker.reached.wait(LONG)
    worker.join(0.05)
    assert worker.is_alive()
    ask(token)
    assert worker.end() == outcome
    assert not token.paused


def test_a_cancelled_job_cannot_be_paused() -> None:
    token = Token()
    token.cancel()
    token.pause()
    assert not token.paused
    assert Worker(token).end() == "cancelled"


def test_cancelling_while_somebody_pauses_is_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token()
    canceller = threading.Thread(target=token.cancel, daemon=True)

    def cancelled_right_after(_: Token) -> bool:
        if not canceller.is_alive():
            canceller.start()
        canceller.join(0.2)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Token, "cancelled", property(cancelled_right_after))
        token.pause()
    canceller.join(LONG)
    assert Worker(token).end() == "cancelled"


def test_a_paused_job_that_is_asked_to_stop_goes_on_to_its_end() -> None:
    token = Token()
    assert not token.stopping
    token.pause()
    token.stop()
    assert token.stopping
    assert Worker(token).end() == "went on"


def test_time_spent_waiting_is_known() -> None:
    token = Token()
    token.checkpoint()
    assert token.held == 0
    token.pause()
    worker = Worker(token)
    worker.join(0.05)
    token.resume()
    assert worker.end() == "went on"
    assert token.held > 0
