"""Reports from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.data.dataset import Dataset


def test_json_tells_where_the_report_is_and_what_it_lacks(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    result = told("report", run, "--dataset", sample.root, "--before", model, "--out", out, "--device", "cpu")
    assert result == {
        "report": str(out),
        "model_card": str(tmp_path / "report.model_card.md"),
        "verified": True,
        "missing": [],
    }
    html = out.read_text(encoding="utf-8")
    assert "Exact refit" in html
    assert html.count("<img ") == 24


def test_people_are_told_what_is_missing(type_: Callable[..., Result], run: Path, tmp_path: Path) -> None:
    result = type_("report", run, "--out", tmp_path / "a.html")
    assert result.exit_code == 0
    assert f"Report: {tmp_path / 'a.html'}" in result.stdout
    missing = "pictures of what was forgotten, predictions, numbers, the map of the cases"
    assert f"The report lacks {missing}, and says so." in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--out", "a.txt"), "must end in .html"),
        (("--out", "a.html", "--evaluation", "missing.json"), "cannot be read"),
    ],
)
def test_a_failure_is_one_sentence(
    refused: Callable[..., str], run: Path, options: tuple[str, ...], words: str
) -> None:
    assert words in refused("report", run, *options)
