"""Figures for people."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.benchmark.figures import COLOURS, GREY, draw
from napari_unlearn.benchmark.row import Row
from napari_unlearn.errors import UserError


@pytest.fixture
def rows(row: Callable[..., Row]) -> list[Row]:
    found = [row(name, seed, 0.6 + seed / 10) for name in ("exact-refit", "retrain") for seed in range(2)]
    return [*found, row("exact-refit", 0, 0.5, fine=1.0), row("oracle", 0, 0.9, coarse="", fine=None, swaps=None)]


def test_a_figure_of_models_and_one_for_each_factor(rows: list[Row], tmp_path: Path) -> None:
    written = draw(rows, tmp_path / "new")
    assert [path.name for path in written] == ["benchmark-synthetic-3.svg", "benchmark-synthetic-3-fine.svg"]
    texts = [path.read_text("utf-8") for path in written]
    for text in texts:
        assert ET.fromstring(text).tag.endswith("svg")
    assert all(name in texts[0] for name in ("exact-refit", "retrain", "oracle", "AUROC"))
    assert "Share of refined cases" in texts[1]


def test_ink_follows_the_reader_and_nothing_covers_the_page(rows: list[Row], tmp_path: Path) -> None:
    for path in draw(rows, tmp_path):
        text = path.read_text("utf-8")
        assert "prefers-color-scheme: dark" in text
        assert "var(--ink)" in text
        colours = {colour.lower() for colour in re.findall(r"(?:fill|stroke): (#[0-9a-fA-F]{6})", text)}
        assert colours <= {*COLOURS, GREY}


def test_the_same_table_gives_the_same_bytes(rows: list[Row], tmp_path: Path) -> None:
    first, second = (draw(rows, tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_without_matplotlib_a_sentence_helps(rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match="install it with: pip install matplotlib"):
        draw(rows, tmp_path)


def test_a_place_that_cannot_be_written_is_told(rows: list[Row], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        draw(rows, tmp_path / "file")
