"""Step 3: choose an operator and its budget, start, watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QLineEdit, QSpinBox, QWidget

from napari_unlearn.jobs.events import Metric, Reference
from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE, LEAKAGE
from napari_unlearn.plugin.texts import TEXTS
from napari_unlearn.plugin.views.budget_slider import BudgetSlider
from napari_unlearn.plugin.views.curve import Curve
from napari_unlearn.plugin.views.device_picker import DevicePicker
from napari_unlearn.plugin.views.operator_cards import Offer, OperatorCards
from napari_unlearn.plugin.views.parts import Page, label, named, row
from napari_unlearn.plugin.views.plan_panel import PlanPanel
from napari_unlearn.plugin.views.trajectory import TrajectoryView
from napari_unlearn.plugin.views.withdrawal_section import WithdrawalSection


class Choices(NamedTuple):
    """What the user has chosen; `delta` as it was typed."""

    operator: str
    epsilon: float
    delta: str
    counterfactual: int
    device: str


class UnlearnPage(Page):
    """Operators, budget, swaps, device; then the curves of the run."""

    operator_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Unlearn", "Unlearn", parent)
        self._facts = label("", wrap=True, rich=True)
        self.body.addWidget(self._facts)
        self.section(TEXTS["operator"].label)
        self.operators = OperatorCards()
        self.operators.chosen.connect(self.operator_chosen)
        self.body.addWidget(self.operators)

        form = QFormLayout()
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._epsilon = QDoubleSpinBox()
        self._epsilon.setRange(0.01, 100)
        self._epsilon.setDecimals(2)
        self._epsilon.setSingleStep(0.5)
        self._epsilon.setValue(1)
        self._delta = QLineEdit("1e-5")
        self._swaps = QSpinBox()
        self._swaps.setRange(0, 16)
        self._swaps.setValue(8)
        self.devices = DevicePicker()
        self.devices.requested.connect(self.requested)
        fields = {"epsilon": self._epsilon, "delta": self._delta, "counterfactual": self._swaps}
        for key, field in fields.items():
            named(field, key)
            name = label({"epsilon": "Budget ε", "delta": "Budget δ"}.get(key, TEXTS[key].label))
            name.setToolTip(TEXTS[key].tip)
            form.addRow(name, row(BudgetSlider(self._epsilon), field, stretch=0) if key == "epsilon" else field)
        name = label(TEXTS["device"].label)
        name.setToolTip(TEXTS["device"].tip)
        form.addRow(name, self.devices)
        form.addRow(self.devices.found)
        self.section("Settings")
        self.body.addLayout(form)
        self.withdrawal = WithdrawalSection()
        self.body.addWidget(self.withdrawal)
        self.plan = PlanPanel()
        self._epsilon.valueChanged.connect(self.plan.show_epsilon)
        self.operators.chosen.connect(self.plan.show_operator)
        self._plan = self.button("plan")
        self.body.addWidget(self._plan)
        self.body.addWidget(self.plan)

        self._blocked = label("", "hint", wrap=True)
        self.foot.addWidget(self._blocked)
        self.foot.addWidget(self.button("unlearn", "primary"))
        self.curve = Curve()
        self.curve.hide()
        self.trajectory = TrajectoryView()
        self.body.addWidget(self.trajectory)
        self.body.addWidget(self.curve)
        self.body.addStretch(1)

    @property
    def choices(self) -> Choices:
        """What the user has chosen."""
        return Choices(
            self.operators.current,
            self._epsilon.value(),
            self._delta.text().strip(),
            self._swaps.value(),
            self.devices.current,
        )

    def set_operators(self, offers: Sequence[Offer]) -> None:
        """Offer these operators."""
        self.operators.set_operators(offers)

    def show_forget_set(self, refined: int, in_progress: int) -> None:
        """Say what a run would work with."""
        cases = f"<b>{refined}</b> refined training case{'' if refined == 1 else 's'}"
        unfinished = f", {in_progress} of them still in progress (taken as they are)" if in_progress else ""
        self._facts.setText(f"The model will forget the dilation artefacts of {cases}{unfinished}.")
        self._facts.setVisible(refined > 0)

    def show_plan_obstacle(self, sentence: str) -> None:
        """Say on the button why nothing can be tried beforehand."""
        self._plan.setToolTip(sentence or TEXTS["plan"].tip)

    def show_blocker(self, sentence: str, busy: bool) -> None:
        """Say why the run cannot start."""
        self._blocked.setText(sentence)
        self._blocked.setVisible(bool(sentence) and not busy)

    def clear_curves(self) -> None:
        """Forget the curves of the run before."""
        self.curve.clear()
        self.trajectory.clear()

    def add_point(self, metric: Metric) -> None:
        """Draw one more point of a curve, and turn to the curves when the first one begins."""
        if metric.name in (DICE, LEAKAGE, BY_CHANCE):
            with self._turning_to(self.trajectory):
                self.trajectory.add(metric.name, metric.step, metric.value, metric.low, metric.high)
        else:
            with self._turning_to(self.curve):
                self.curve.show()
                self.curve.add(metric.name, metric.step, metric.value)

    def add_reference(self, reference: Reference) -> None:
        """Draw a model that the run is held against."""
        with self._turning_to(self.trajectory):
            self.trajectory.add_level(reference.name, reference.label, reference.value, reference.about)

    @contextmanager
    def _turning_to(self, plot: QWidget) -> Iterator[None]:
        first = plot.isHidden()
        yield
        if first:
            QTimer.singleShot(0, lambda: self.scroll.ensureWidgetVisible(plot))  # once the page has made room for it
