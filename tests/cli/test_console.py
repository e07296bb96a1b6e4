"""How every command talks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import typer

from napari_unlearn.cli.console import Stream, fail, follow, print_json
from napari_unlearn.jobs.events import Cancelled, Done, Event, Failed, Metric, Preview, Progress
from napari_unlearn.jobs.token import Token


def test_a_job_that_succeeds_gives_its_result(capsys: pytest.CaptureFixture[str]) -> None:
    told = [Progress(0, 0, "Starting"), Progress(1, 2, "Working", 7200.0), Metric("loss", 1, 0.5), Done("result")]
    assert follow(iter(told), Token()) == "result"
    assert capsys.readouterr().out == ""


def test_previews_are_handed_on_one_by_one() -> None:
    seen: list[str] = []

    def job() -> Iterator[Event]:
        for name in "ab":
            yield Preview(name, np.zeros((1, 1), np.uint8))
            assert seen[-1] == name
        yield Done(None)

    follow(job(), Token(), lambda preview: seen.append(preview.case_id))
    assert seen == ["a", "b"]
    assert follow(job_without_reader(), Token()) is None


def job_without_reader() -> Iterator[Event]:
    yield Preview("a", np.zeros((1, 1), np.uint8))
    yield Done(None)


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        (Failed("It [bold]failed[/bold].", "Do [this]."), "It [bold]failed[/bold]. Do [this]."),
        (Cancelled(), "Cancelled; nothing was changed."),
    ],
)
def test_a_job_that_does_not_succeed_ends_the_command(
    last: Event, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        follow(iter([Progress(0, 1, "Working"), last]), Token())
    assert ended.value.exit_code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip().splitlines()[-1].strip() == sentence


def test_ctrl_c_cancels_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    token = Token()

    def job() -> Iterator[Event]:
        yield Progress(0, 1, "Working")
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as ended:
        follow(job(), token)
    assert token.cancelled
    assert ended.value.exit_code == 1
    assert "Cancelled; nothing was changed." in capsys.readouterr().err


def test_a_job_must_end() -> None:
    with pytest.raises(AssertionError, match="must end"):
        follow(iter([Progress(0, 1, "Working")]), Token())


def test_a_failure_is_one_line_whatever_the_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    sentence = "A sentence that is much longer than the window is wide; read it."
    with pytest.raises(typer.Exit):
        fail(sentence)
    assert capsys.readouterr().err == f"{sentence}\n"


def test_json_is_one_object_without_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": "ü", "b": [1.5, None]})
    assert json.loads(capsys.readouterr().out) == {"a": "ü", "b": [1.5, None]}
    with pytest.raises(ValueError, match="JSON"):
        print_json({"a": float("nan")})
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["[/x]", "[bold]x[/bold]", "\x1b[2J\x1b]0;title\x07", "a\x9bm"])
def test_names_from_files_do_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str], name: str) -> None:
    Stream().print(name)
    follow(iter([Progress(1, 2, name), Done(None)]), Token())
    shown = capsys.readouterr().out
    assert shown.count(ascii(name)[1:-1]) == 1
    assert not {"\x07", "\x1b", "\x9b"} & set(shown)


def test_a_stream_is_opened_once_and_where_it_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Stream(stderr=True)
    stream.print("told")
    assert stream.console is stream.console
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "told\n")
