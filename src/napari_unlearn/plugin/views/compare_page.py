"""Step 4: before and after, in pictures and numbers; keep it or return."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QSlider, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.views.badge import Badge
from napari_unlearn.plugin.views.case_strip import CaseStrip
from napari_unlearn.plugin.views.colour_scale import ColourScale
from napari_unlearn.plugin.views.export_choice import ExportChoice
from napari_unlearn.plugin.views.legend import Legend
from napari_unlearn.plugin.views.map_legend import MapLegend
from napari_unlearn.plugin.views.metric_table import MetricRow, MetricTable
from napari_unlearn.plugin.views.parts import Card, Page, label, named, row

PAIRS = (
    ("show_before", "show_after"),
    ("show_split", "show_beside", "show_difference"),
    ("show_leakage_before", "show_leakage_after"),
)
VIEWS = tuple(key for pair in PAIRS for key in pair)
STEPS = 1000  # of the slider


class ComparePage(Page):
    """The guarantee, what to look at, the numbers, export, report and discard."""

    split_moved = Signal(float)  # share of the width from the left

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Compare", "Compare and export", parent)
        self._nothing = label("Nothing to compare yet. Run Unlearn first (step 3).", "hint", wrap=True)
        self.body.addWidget(self._nothing)
        self.body.addWidget(self.button("history"))

        self._pair = Card()
        self._pair_text = label("", wrap=True, rich=True)
        back = self.button("compare_current")
        self._pair.body.addLayout(row(self._pair_text, self.button("compose_pair"), back, stretch=0))
        self.body.addWidget(self._pair)

        self._badge = Badge()
        self._operator = label(rich=True)
        self._guarantee = label("", "hint", wrap=True)
        self._card = Card()
        self._card.body.addLayout(row(self._operator, self._badge, stretch=0))
        self._card.body.addWidget(self._guarantee)
        self.body.addWidget(self._card)

        self.strip = CaseStrip(self, with_unrefined=False)
        self.body.addWidget(self.strip)
        self._views = {key: self.button(key, checkable=True) for key in VIEWS}
        self._group = QButtonGroup(self)
        for button in self._views.values():
            self._group.addButton(button)
        for pair in PAIRS:
            line = row(*(self._views[key] for key in pair))
            for place in range(len(pair)):
                line.setStretch(place, 1)
            self.body.addLayout(line)
        self._split = QSlider(Qt.Orientation.Horizontal)
        named(self._split, "split_at")
        self._split.setRange(0, STEPS)
        self._split.setValue(STEPS // 2)
        self._split.valueChanged.connect(lambda value: self.split_moved.emit(value / STEPS))
        self.body.addWidget(self._split)
        self.legend = Legend()
        self.body.addWidget(self.legend)
        self._differences = Legend()
        names = ("No longer lesion", "Newly lesion", "Another class")
        self._differences.show_entries(dict(zip(names, colours.DIFFERENCE.values(), strict=True)))
        self.body.addWidget(self._differences)
        self.scale = ColourScale()
        self.body.addWidget(self.scale)
        self.map_legend = MapLegend()
        self.body.addWidget(self.map_legend)

        case_title = self.section("This case")
        self.case_table = MetricTable()
        self.case_table.setObjectName("case_metrics")
        self.body.addWidget(self.case_table)
        title = self.section("All test cases")
        self._measuring = label("", "hint", wrap=True)
        self.body.addWidget(self._measuring)
        self._measure = self.button("measure")
        self.body.addWidget(self._measure)
        self.table = MetricTable()
        self.body.addWidget(self.table)
        self._map = self.button("feature_map")
        self.body.addWidget(self._map)
        self.body.addStretch(1)
        self.export_choice = ExportChoice()
        self.foot.addWidget(self.export_choice)
        buttons = self.button("export", "primary"), self.button("report"), self.button("discard")
        self.foot.addLayout(row(*buttons, stretch=0))
        self._last = self.export_choice, *buttons
        case = case_title, self.case_table
        self._parts = (self._card, self.strip, self.legend, *case, title, self._map, *self._last, *self._views.values())
        self._now_and_then = (self._split, self._differences, self.scale, self.table, self._measuring, self._measure)
        self.clear()

    def clear(self) -> None:
        """Show that there is nothing to compare."""
        self._set_filled(False)

    def show_run(self, title: str, badge: str, guarantee: str) -> None:
        """Say what was run and what is guaranteed."""
        self._operator.setText(f"<b>{escape(title)}</b>")
        self._badge.set_badge(badge)
        self._guarantee.setText(guarantee)
        self._set_filled(True)
        self.show_no_numbers("These models have not been measured yet.")

    def show_pair(self, before: str, after: str) -> None:
        """Say which runs are compared; they are not in use, so there is nothing to export or to discard."""
        self._pair_text.setText(
            f"Before: <b>{escape(before)}</b><br>After: <b>{escape(after)}</b><br>The model in use is unchanged."
        )
        self._pair.show()
        for part in self._last:
            part.hide()

    def show_measured(self, rows: Sequence[MetricRow], when: str) -> None:
        """Show numbers from an earlier day, and offer to measure again."""
        self.show_rows(rows)
        self._measuring.setText(f"Measured on {when}. Measure again if masks have changed, or to see the leakage maps.")
        self._measuring.show()
        self._measure.show()

    def show_rows(self, rows: Sequence[MetricRow]) -> None:
        """Show the numbers."""
        self.table.show_rows(rows)
        self.table.show()
        self._measuring.hide()
        self._measure.hide()

    def show_measuring(self) -> None:
        """Say that the numbers are on their way."""
        self._measuring.setText("Measuring both models on the test cases…")
        self._measure.hide()

    def show_no_numbers(self, reason: str) -> None:
        """Say why there are no numbers, and offer to measure."""
        self._measuring.setText(reason)
        self._measuring.show()
        self._measure.show()

    def show_view(self, key: str) -> None:
        """Mark what is being looked at."""
        self._views[key].setChecked(True)
        leakage = key.startswith("show_leakage")
        self.legend.setVisible(not leakage and key != "show_difference")
        self._differences.setVisible(key == "show_difference")
        self._split.setVisible(key == "show_split")
        self.scale.setVisible(leakage)

    def show_split_at(self, share: float) -> None:
        """Put the slider where the line is."""
        blocked = self._split.blockSignals(True)
        self._split.setValue(round(share * STEPS))
        self._split.blockSignals(blocked)

    def show_case_rows(self, rows: Sequence[MetricRow]) -> None:
        """Show the numbers of the case in hand."""
        self.case_table.show_rows(rows)

    def show_limits(self, low: float, high: float) -> None:
        """Show the colour bar of the leakage maps."""
        self.scale.show_limits(low, high)

    def show_classes(self, classes: Sequence[str]) -> None:
        """Explain the colours."""
        entries = {name: colours.class_colour(k) for k, name in enumerate(classes) if k}
        self.legend.show_entries(entries | {"○Coarse outline": colours.COARSE})

    def _set_filled(self, filled: bool) -> None:
        self._nothing.setVisible(not filled)
        for part in self._parts:
            part.setVisible(filled)
        for part in (self._pair, *self._now_and_then):
            part.hide()
