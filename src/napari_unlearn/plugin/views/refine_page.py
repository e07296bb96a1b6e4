"""Step 2: brush the background out of the coarse mask, and see at once what will be forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QSlider, QSpinBox, QWidget

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.bar import Bar
from napari_unlearn.plugin.views.case_strip import CaseStrip
from napari_unlearn.plugin.views.gauge import Gauge
from napari_unlearn.plugin.views.legend import Legend
from napari_unlearn.plugin.views.marking_section import MarkingSection
from napari_unlearn.plugin.views.parts import Line, Page, label, named, row
from napari_unlearn.plugin.views.proposal_section import ProposalSection
from napari_unlearn.plugin.views.remarks import Remarks
from napari_unlearn.plugin.views.suggest_row import SuggestRow

TOOLS = ("tool_trim", "tool_restore", "tool_fill")
LARGEST = 300


class RefinePage(Page):
    """Tools, brush size, live numbers, and how many cases are refined."""

    brush_size_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Refine", "Refine the mask", parent)
        self.strip = CaseStrip(self)
        self.body.addWidget(self.strip)
        self.suggest = SuggestRow(self)
        self.body.addWidget(self.suggest)

        self.section("Tool")
        self._tools = {key: self.button(key, checkable=True) for key in TOOLS}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        for button in self._tools.values():
            self._group.addButton(button)
        tools = row(*self._tools.values())
        for place in range(len(TOOLS)):
            tools.setStretch(place, 1)
        self.body.addLayout(tools)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        named(self._slider, "brush_size")
        self._slider.setRange(1, LARGEST)
        self._spin = QSpinBox()
        self._spin.setRange(1, LARGEST)
        self._spin.setSuffix(" px")
        self._spin.setToolTip(TEXTS["brush_size"].tip)
        self._slider.valueChanged.connect(self._spin.setValue)
        self._spin.valueChanged.connect(self._slider.setValue)
        self._slider.valueChanged.connect(self.brush_size_requested)
        self.body.addLayout(row(label("Brush size"), self._slider, self._spin, stretch=1))
        self._from_coarse = self.button("start_from_coarse")
        edits = row(self.button("undo"), self.button("redo"), self._from_coarse, stretch=2)
        self.body.addLayout(edits)

        self.section("Proposals")
        self.proposals = ProposalSection(self)
        self.body.addWidget(self.proposals)
        self.marking = MarkingSection(self)
        self.body.addWidget(self.marking)

        nothing = "No lesion in this case: nothing to trim or to forget"
        self.gauge = Gauge("Dilation artefacts in this case", colours.ARTEFACT, nothing)
        self.body.addSpacing(4)
        self.body.addWidget(self.gauge)
        self._live = self.button("live", checkable=True)
        self._live_line = Line("hint")
        self._live_line.setObjectName("live_line")
        self.body.addLayout(row(self._live, self.button("live_keep"), stretch=1))
        self.body.addWidget(self._live_line)
        self._saved = label("", "hint", wrap=True)
        self.body.addWidget(self._saved)
        self.legend = Legend()
        self._fine_colours: dict[str, str] = {}
        self.body.addWidget(self.legend)

        self.remarks = Remarks()
        self.body.addWidget(self.remarks)

        self.body.addStretch(1)
        self._progress = label("", "hint", wrap=True)
        self._bar = Bar()
        self.foot.addWidget(self._progress)
        self.foot.addWidget(self._bar)
        self.foot.addLayout(row(self.button("done_refining", "primary"), self.button("go_unlearn"), stretch=0))

    def show_tool(self, key: str | None) -> None:
        """Mark the tool in hand; None when napari's own controls chose another one."""
        self._group.setExclusive(False)
        for name, button in self._tools.items():
            button.setChecked(name == key)
        self._group.setExclusive(key is not None)

    def show_marking(self, kind: str) -> None:
        """Say what the tools do and the colours mean while a kind of artefact is marked, "" for the fine mask again."""
        names = {"tool_trim": "Unmark", "tool_restore": "Mark"} if kind else {}
        for key, button in self._tools.items():
            button.setText(names.get(key, TEXTS[key].label))
        for part in (self.gauge, self._from_coarse):  # of the fine mask, which is not in sight now
            part.setVisible(not kind)
        marks = {kind.capitalize(): colours.MARKED, "Other artefacts": colours.MARKED_OTHER}
        self.legend.show_entries({"○Coarse outline": colours.COARSE} | marks if kind else self._fine_colours)

    def show_brush_size(self, size: int) -> None:
        """Show the diameter of the brush in pixels."""
        blocked = self._slider.blockSignals(True)
        self._slider.setValue(size)
        self._spin.setValue(size)
        self._slider.blockSignals(blocked)

    def show_artefacts(self, artefacts: int, coarse: int) -> None:
        """Show how many pixels will be forgotten."""
        self.gauge.show_share(artefacts, coarse, "pixels", "the coarse mask")

    def show_saved(self, text: str) -> None:
        """Say where the mask stands with the disk."""
        self._saved.setText(text)

    def show_live(self, text: str, tip: str = "") -> None:
        """Say in one line what a live session shows; the tip says what its certificate says."""
        self._live_line.set_text(text)
        self._live_line.setToolTip(tip)

    def show_live_on(self, on: bool, blocker: str) -> None:
        """Mark the switch, and say on it why it cannot be used."""
        self._live.setChecked(on)
        self._live.setToolTip(blocker if blocker and not on else TEXTS["live"].tip)

    def show_progress(self, refined: int, total: int, aim: int) -> None:
        """Show how many training cases are refined and how many are aimed at."""
        rest = "enough to unlearn" if refined >= aim else f"aim for about {aim} (10 %)"
        self._progress.setText(f"{refined} of {total} training cases refined · {rest}")
        self._bar.setRange(0, max(aim, 1))
        self._bar.setValue(min(refined, aim))

    def show_classes(self, classes: Sequence[str]) -> None:
        """Explain the colours."""
        entries = {"○Coarse outline": colours.COARSE, "Dilation artefacts": colours.ARTEFACT}
        entries |= {f"Fine: {name}": colours.class_colour(k) for k, name in enumerate(classes) if k}
        self._fine_colours = entries
        self.legend.show_entries(entries)
