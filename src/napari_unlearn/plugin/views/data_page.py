"""Step 1: open images, choose the model, pick a case."""

from __future__ import annotations

from html import escape
from pathlib import Path

from qtpy.QtWidgets import QWidget

from napari_unlearn.plugin.views.case_strip import CaseStrip
from napari_unlearn.plugin.views.case_table import CaseTable
from napari_unlearn.plugin.views.first_steps import FirstSteps
from napari_unlearn.plugin.views.parts import Card, Page, label, row
from napari_unlearn.plugin.views.remarks import Remarks


class DataPage(Page):
    """Two ways to open images, then what was opened, the model, and the list of cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Data", "Open images", parent)
        self._folder, self._sample = self.button("open_folder", "primary"), self.button("open_sample")
        self.body.addLayout(row(self._folder, self._sample, stretch=0))

        self._opened = Card()
        self._name = label(wrap=True, rich=True)
        self._facts = label("", "hint", wrap=True)
        self._opened.body.addWidget(self._name)
        self._opened.body.addWidget(self._facts)
        self.body.addWidget(self._opened)

        self._model_card = Card()
        self._model = label("No model yet", wrap=True, rich=True)
        self._model_card.body.addLayout(row(self._model, self.button("choose_model"), stretch=0))
        self._train = self.button("train_model")
        self._model_card.body.addWidget(self._train)
        self.body.addWidget(self._model_card)

        self._cases_title = self.section("Cases")
        self.strip = CaseStrip(self)
        self.body.addWidget(self.strip)
        self.cases = CaseTable()
        self.cases.setMinimumHeight(220)
        self.body.addWidget(self.cases, 1000)
        self.remarks = Remarks()
        self.body.addWidget(self.remarks)
        self._refine = self.button("go_refine", "primary")
        self.body.addWidget(self._refine)
        self._start = FirstSteps()
        self.body.addWidget(self._start)
        self.body.addStretch(1)
        self._parts = (
            self._opened, self._model_card, self._cases_title, self.strip, self.cases, self.remarks, self._refine
        )  # fmt: skip
        for part in self._parts:
            part.hide()

    def show_dataset(self, name: str, root: Path, facts: str) -> None:
        """Say what was opened."""
        for part in self._parts:
            part.show()
        self._start.hide()
        # From here on the next thing to do is to refine, so opening steps back.
        self._folder.setProperty("kind", "")
        self._folder.style().unpolish(self._folder)
        self._folder.style().polish(self._folder)
        self._name.setText(f"<b>{escape(name)}</b>")
        self._name.setToolTip(str(root))
        self._facts.setText(facts)

    def show_model(self, model: Path | None, revised: bool) -> None:
        """Say which model is in use."""
        if model is None:
            self._model.setText("<b>No model yet</b>")
            self._model.setToolTip("Choose one, or train one on the coarse masks.")
        else:
            name = model.parent.name if model.name == "model" else model.name
            self._model.setText(f"<b>Model</b> {escape(name)}" + (" (revised)" if revised else ""))
            self._model.setToolTip(str(model))
        self._train.setVisible(model is None)
