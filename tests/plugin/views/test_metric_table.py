from __future__ import annotations

from typing import Any

from napari_unlearn.plugin.views.metric_table import MetricRow, MetricTable


def test_arrows_say_what_got_better_and_headings_have_none(qtbot: Any) -> None:
    table = MetricTable()
    qtbot.addWidget(table)
    table.show_rows([MetricRow("Test"), MetricRow("Dice", "0.5", "0.8", 1), MetricRow("Gap", "0.1", "0.3", -1)])
    assert [table.item(k, 3).text() for k in range(3)] == ["", "▲", "▼"]
    assert table.columnSpan(0, 0) == 4
    assert table.columnSpan(1, 0) == 1


def test_it_is_as_high_as_its_lines(qtbot: Any) -> None:
    table = MetricTable()
    qtbot.addWidget(table)
    table.show_rows([MetricRow("Dice", "0.5", "0.8", 1)])
    low = table.height()
    table.show_rows([MetricRow("Dice", "0.5", "0.8", 1), MetricRow("Leakage", "0.1\n0.0 to 0.2", "0.1", 0)])
    assert table.height() > 1.5 * low
