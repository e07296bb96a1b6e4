"""Rows put side by side: the base setting of a table, and the rows that belong to a setting. Imports no torch."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from napari_unlearn.benchmark.row import Row, Trial

FACTORS = {
    "fine": "Share of refined cases",
    "correlation": "Correlation of artefact and diagnosis",
    "coarse": "Coarse masks",
    "swaps": "Composed cases per refined case",
}
"""What is varied, by its column."""


@dataclass(frozen=True)
class Setting:
    """What a trial is about, but its seed, its model and the budget.

    Attributes
    ----------
    source, encoder, cases, size, classes, correlation, coarse, fine, swaps
        See `Trial`.
    """

    source: str
    encoder: str
    cases: int
    size: int
    classes: int
    correlation: float | None
    coarse: str
    fine: float | None
    swaps: int | None

    @classmethod
    def of(cls, trial: Trial) -> Setting:
        """Setting of a trial."""
        return cls(**{field.name: getattr(trial, field.name) for field in dataclasses.fields(cls)})

    @property
    def data(self) -> tuple[str, str, int, int, int]:
        """What is not varied within a table: source, encoder, cases, size, classes."""
        return self.source, self.encoder, self.cases, self.size, self.classes

    def holds(self, row: Row) -> bool:
        """Whether a row is about this setting; what has no part in a model fits every setting."""
        own = Setting.of(row.trial)
        if own.data != self.data or own.correlation != self.correlation:
            return False
        return all(getattr(own, name) in (None, "", getattr(self, name)) for name in ("coarse", "fine", "swaps"))

    def described(self) -> str:
        """In words."""
        parts = [f"{self.classes} classes", f"{self.cases} training cases at {self.size} px"]
        if self.fine is not None:
            parts.append(f"{self.fine:.0%} refined")
        parts.append(f"coarse masks by {self.coarse}")
        if self.correlation is not None:
            parts.append(f"correlation {self.correlation:g}")
        parts.append(f"{self.swaps} composed cases per refined case")
        return ", ".join(parts)


def bases(rows: Iterable[Row]) -> list[Setting]:
    """Find, for every kind of data, the setting in which most was measured.

    Parameters
    ----------
    rows : iterable of Row
        Of a table.

    Returns
    -------
    list of Setting
        One for each data set, size and number of classes, in the order of the table.
    """
    counts = Counter(Setting.of(row.trial) for row in rows if row.trial.swaps is not None)
    found: dict[tuple[str, str, int, int, int], Setting] = {}
    for setting, count in counts.items():
        best = found.get(setting.data)
        if best is None or count > counts[best]:
            found[setting.data] = setting
    return list(found.values())


def by_model(rows: Iterable[Row], setting: Setting) -> dict[str, list[Row]]:
    """Rows of a setting.

    Parameters
    ----------
    rows : iterable of Row
        Of a table.
    setting : Setting
        Which.

    Returns
    -------
    dict of str to list of Row
        By model, one row a seed and budget.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        if setting.holds(row):
            found.setdefault(row.trial.model, []).append(row)
    return found


def along(rows: Iterable[Row], base: Setting, factor: str) -> list[Setting]:
    """Settings that differ from a base in one factor at most.

    Parameters
    ----------
    rows : iterable of Row
        Of a table.
    base : Setting
        The base.
    factor : str
        A key of `FACTORS`.

    Returns
    -------
    list of Setting
        In the order of the factor's values, the base among them.
    """
    found = {Setting.of(row.trial) for row in rows if row.trial.swaps is not None}
    like = {each for each in found if dataclasses.replace(each, **{factor: getattr(base, factor)}) == base}
    return sorted(like, key=lambda each: getattr(each, factor))


def values(rows: Sequence[Row], measure: str) -> dict[int, float]:
    """Numbers by seed; seeds without a number are left out.

    Parameters
    ----------
    rows : sequence of Row
        Of one model in one setting.
    measure : str
        A field of `Numbers`.

    Returns
    -------
    dict of int to float
    """
    found = {row.trial.seed: getattr(row.numbers, measure) for row in rows}
    return {seed: value for seed, value in found.items() if value is not None}


def written(numbers: Iterable[float], digits: int = 3) -> str:
    """Mean and standard deviation; "-" for none.

    Parameters
    ----------
    numbers : iterable of float
        One a seed.
    digits : int
        After the point.

    Returns
    -------
    str
    """
    all_ = list(numbers)
    if not all_:
        return "-"
    spread = f" ± {statistics.stdev(all_):.{digits}f}" if len(all_) > 1 else ""
    return f"{statistics.fmean(all_):.{digits}f}{spread}"
