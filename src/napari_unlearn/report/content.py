"""Everything that a report says, gathered in one record before a word of it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.privacy.certificate import CERTIFIED
from napari_unlearn.report.facts import RunFacts
from napari_unlearn.report.figures import CaseFigure
from napari_unlearn.report.guarantee import number
from napari_unlearn.report.limits import limits, report_limits
from napari_unlearn.report.numbers import Measure, SplitNumbers, gap, split_numbers

if TYPE_CHECKING:
    from napari_unlearn.evaluation.feature_space import FeatureSpace

COMMAND = "napari-unlearn report RUN --dataset DATASET --before MODEL"
"""What makes a report with nothing left out."""


@dataclass(frozen=True, eq=False)
class Content:
    """What a report says.

    Attributes
    ----------
    facts : RunFacts
        Of the run.
    dataset : Dataset or None
        If it was given.
    masks : str
        ``same``, ``changed`` or ``unknown``: today's masks beside those of the run.
    after, before : mapping or None
        What ``evaluate --json`` prints for each model.
    measured : str
        How the numbers came about, or why there are none, as one sentence.
    forgotten, predicted : tuple of CaseFigure
        Pictures.
    has_before : bool
        Whether the model before was given.
    places : mapping of str to str
        Where things lie, if the user asked for it.
    space : FeatureSpace or None
        Where cases lie for each model; None where there was nothing to compare.
    """

    facts: RunFacts
    dataset: Dataset | None = None
    masks: str = "unknown"
    after: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    measured: str = ""
    forgotten: tuple[CaseFigure, ...] = ()
    predicted: tuple[CaseFigure, ...] = ()
    has_before: bool = False
    places: Mapping[str, str] = field(default_factory=dict)
    space: FeatureSpace | None = None

    @property
    def splits(self) -> tuple[SplitNumbers, ...]:
        """The numbers, split by split; none if nothing was measured."""
        return () if self.after is None else split_numbers(self.after, self.before, self._positives())

    @property
    def gap(self) -> Measure | None:
        """The shortcut gap, None if nothing was measured."""
        return None if self.after is None else gap(self.after, self.before)

    @property
    def meanings(self) -> tuple[Measure, ...]:
        """One line of each kind, for its meaning."""
        measures = [*(entry for split in self.splits for entry in split.measures), self.gap]
        return tuple({entry.name: entry for entry in measures if entry is not None}.values())

    @property
    def limits(self) -> list[str]:
        """What the numbers do not show."""
        refined = self.facts.metrics.get("refined_cases")
        return limits(self.splits, None if refined is None else int(refined))

    @property
    def report_limits(self) -> list[str]:
        """What holds of the report itself."""
        pictures = bool(self.forgotten or self.predicted)
        return report_limits(self.masks, pictures=pictures, before=self.before is not None)

    @property
    def settings(self) -> list[tuple[str, str, str]]:
        """Numbers of the run: name, value and what it means."""
        meanings = {name: str(entry["explanation"]) for name, entry in _explained(self.facts).items()}
        meanings["counterfactual"] = "Composed cases per refined case: its lesion in the surroundings of another one."
        record = self.facts.certificate
        # Whatever an operator recorded: where nothing is certified, no number may look like a budget.
        shown = {
            name: value
            for name, value in record.parameters.items()
            if record.tier == CERTIFIED or name.lower().rsplit("_", 1)[-1] not in ("epsilon", "delta", "mu")
        }
        return [(name, number(value), meanings.get(name, "")) for name, value in shown.items()]

    @property
    def counted(self) -> bool:
        """Whether the run tells how many cases and pixels it kept and forgot."""
        return {"refined_cases", "unrefined_cases", "forget_pixels", "retain_pixels"} <= self.facts.metrics.keys()

    def summary(self) -> list[str]:
        """Say what happened in a few sentences."""
        metrics, found = self.facts.metrics, []
        if self.counted:
            refined, total = metrics["refined_cases"], metrics["refined_cases"] + metrics["unrefined_cases"]
            if self.facts.withdrawn:
                found.append(f"{self.facts.withdrawn} whole cases were to be forgotten, labels and images.")
            found.append(
                f"{refined:,} of {total:,} training cases had a fine mask. The labels of {metrics['forget_pixels']:,} "
                f"pixels were to be forgotten, {metrics['retain_pixels']:,} kept."
            )
        for split in self.splits:
            parts = [
                f"{measure.name} {_change(measure)}"
                for measure in split.measures
                if measure.name in ("Dice", "AUROC", "Leakage") and measure.after is not None
            ]
            if parts and any(measure.paired and _may_be_chance(measure) for measure in split.measures):
                parts.append("this change of the leakage may be chance")
            if parts:
                found.append(f"On {split.name} ({split.cases} cases{_kind(split.name)}): {'; '.join(parts)}.")
        if self.gap is not None and self.gap.after is not None:
            found.append(f"Shortcut gap, ideally 0: {_change(self.gap)}.")
        if not self.splits:
            found.append("How well the model does was not measured for this report.")
        return found

    def budget(self) -> list[tuple[str, str, str]]:
        """Numbers of the guarantee: name, value and meaning; none but for a certified run."""
        record = self.facts.certificate
        if record.tier != CERTIFIED or record.epsilon is None or record.delta is None:
            return []
        rows = [
            ("ε", number(record.epsilon), "How well the forgotten labels are hidden; the smaller the better."),
            ("δ", number(record.delta), "Slack that ε leaves: roughly the chance with which it may fail."),
            ("Attempts", str(record.attempts), "Runs on the model before that are charged together."),
        ]
        if record.mu is not None:
            meaning = "The same in one number: as hard to tell apart as two bell curves of width 1 this far apart."
            rows.append(("μ of this run alone", number(record.mu), meaning))
        return rows

    def _positives(self) -> dict[str, int | None]:
        if self.dataset is None or self.after is None:
            return {}
        found: dict[str, int | None] = {}
        for name in self.after["splits"]:
            cases = [case for case in self.dataset.cases if case.split == name and case.is_refined]
            known = bool(cases) and bool(self.facts.positive) and all(case.diagnosis for case in cases)
            found[name] = sum(case.diagnosis == self.facts.positive for case in cases) if known else None
        return found


def _explained(facts: RunFacts) -> Mapping[str, Mapping[str, object]]:
    from napari_unlearn.operators.settings import explain

    return {} if facts.operator is None else explain(facts.operator.settings)


def _may_be_chance(change: Measure) -> bool:
    if change.after is None:
        return False
    _, low, high = change.after
    return low is not None and high is not None and low <= 0 <= high


def _kind(split: str) -> str:
    """Say what a split of the names that the shortcut gap is computed from holds."""
    if split.lower().endswith("conflicting"):
        return " in which shortcut and diagnosis conflict"
    return " in which shortcut and diagnosis agree" if split.lower().endswith("aligned") else ""


def _change(measure: Measure) -> str:
    after = measure.written(measure.after)
    return after if measure.before is None else f"from {measure.written(measure.before)} to {after}"
