from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_unlearn.report.curves import LONGEST, Level, read_curves


def write(path: Path, *events: Any) -> Path:
    path.write_text("".join((event if isinstance(event, str) else json.dumps(event)) + "\n" for event in events))
    return path


def point(name: str, step: Any, value: Any) -> dict[str, Any]:
    return {"event": "metric", "name": name, "step": step, "value": value}


def test_curves_keep_their_order_and_their_gaps(tmp_path: Path) -> None:
    path = write(
        tmp_path / "events.jsonl",
        {"event": "progress", "done": 0, "total": 1, "message": "x", "remaining": None},
        point("loss", 0, 2.0),
        point("dice", 0, 0.5),
        point("loss", 1, None),
        point("loss", 2, 1.0),
    )
    loss, dice = read_curves(path)
    assert (loss.name, loss.points) == ("loss", ((0, 2.0), (1, None), (2, 1.0)))
    assert (dice.name, dice.points) == ("dice", ((0, 0.5),))


def test_lines_that_cannot_be_drawn_are_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "events.jsonl",
        "no json",
        "[1]",
        point("a", "first", 1.0),
        point("b", 0, None),
        '{"event": "metric", "name": "c", "step": 0, "value": 1e300}',
        '{"event": "metric", "name": "d", "step": NaN, "value": 1}',
    )
    assert read_curves(path) == ()


def test_a_long_curve_keeps_its_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", *(point("loss", step, float(step)) for step in range(5000)))
    (curve,) = read_curves(path)
    assert len(curve.points) <= LONGEST + 1
    assert (curve.points[0], curve.points[-1]) == ((0, 0), (4999, 4999))


def test_without_a_log_there_are_no_curves(tmp_path: Path) -> None:
    assert read_curves(tmp_path / "events.jsonl") == ()


def test_bands_and_the_models_to_compare_with_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "events.jsonl",
        {
            "event": "reference",
            "name": "a",
            "label": "original",
            "value": 0.5,
            "low": 0.4,
            "high": 0.6,
            "about": "Here.",
        },
        point("a", 1, 0.2) | {"low": 0.1, "high": 0.3},
        point("a", 2, None) | {"low": None, "high": None},
        point("a", 3, 0.4) | {"low": 0.3, "high": 1e300},
        {"event": "reference", "name": "a", "label": "broken", "value": None, "low": 0, "high": 0, "about": ""},
        {
            "event": "reference",
            "name": "a",
            "label": "retrained",
            "value": 0.7,
            "low": None,
            "high": None,
            "about": "Here.",
        },
        {"event": "reference", "name": "nobody", "label": "original", "value": 1, "low": 0, "high": 2, "about": ""},
    )
    (curve,) = read_curves(path)
    assert curve.band == ((1, 0.1, 0.3),)
    assert curve.levels == (Level("original", 0.5, 0.4, 0.6), Level("retrained", 0.7, None, None))
    assert curve.about == "Here."
