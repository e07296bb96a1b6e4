"""What the literature claims about unlearning, held against a table, whichever way it comes out. Imports no torch.

Seeds are paired: two models of one seed see the same images, and their difference is what counts. Intervals are those
of Student's t over seeds, and standard deviations are compared as those of paired numbers (Pitman 1939, Morgan 1939).
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from napari_unlearn.benchmark.groups import Setting, by_model, values
from napari_unlearn.benchmark.row import REFERENCE, SCRATCH, Row

RETRAINED = (SCRATCH, "retrain")
"""Retraining from scratch: on the fine masks of the refined cases alone, and on all that may be kept."""

MEASURES = {"auroc_conflicting": "AUROC conflicting", "dice_conflicting": "Dice conflicting"}
SWAPPED = MEASURES | {"shortcut_gap": "shortcut gap"}
COLLAPSED = "collapsed"
"""In the sentence about a model that has."""


@dataclass(frozen=True)
class Paired:
    """Difference of two models over seeds.

    Attributes
    ----------
    mean : float
        First minus second.
    low, high : float or None
        95 % interval; None with fewer than two seeds.
    seeds : int
        With both.
    """

    mean: float
    low: float | None
    high: float | None
    seeds: int

    def __str__(self) -> str:
        """Number and interval."""
        interval = "" if self.low is None else f" ({self.low:+.3f} to {self.high:+.3f})"
        return f"{self.mean:+.3f}{interval}, {self.seeds} seeds"

    def verdict(self, more: str, less: str) -> str:
        """Say which way it came out.

        Parameters
        ----------
        more, less : str
            For an interval above and below zero.

        Returns
        -------
        str
        """
        if self.low is None or self.high is None:
            return "one seed only"
        return more if self.low > 0 else less if self.high < 0 else "no clear difference"


def paired(first: Sequence[Row], second: Sequence[Row], measure: str) -> Paired | None:
    """Compare two models seed by seed.

    Parameters
    ----------
    first, second : sequence of Row
        Of either model.
    measure : str
        A field of `Numbers`.

    Returns
    -------
    Paired or None
        None where no seed has both.
    """
    one, other = values(first, measure), values(second, measure)
    differences = [one[seed] - other[seed] for seed in one if seed in other]
    if not differences:
        return None
    mean = statistics.fmean(differences)
    if len(differences) < 2:
        return Paired(mean, None, None, 1)
    reach = float(stats.t.ppf(0.975, len(differences) - 1)) * statistics.stdev(differences) / len(differences) ** 0.5
    return Paired(mean, mean - reach, mean + reach, len(differences))


def same_spread(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Test whether paired numbers scatter equally.

    Parameters
    ----------
    first, second : sequence of float
        One a seed, in the same order.

    Returns
    -------
    float or None
        p-value of Pitman and Morgan; None where there are fewer than three, or one of them never changes.
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.size < 3 or not np.ptp(one + other) or not np.ptp(one - other):
        return None
    return float(stats.pearsonr(one + other, one - other).pvalue)


def claims(rows: Sequence[Row], base: Setting) -> list[tuple[str, str, str, str]]:
    """Hold every claim against a table.

    Parameters
    ----------
    rows : sequence of Row
        The table.
    base : Setting
        Where to look.

    Returns
    -------
    list of tuple of str
        Claim, what is compared, the numbers, and what they say.
    """
    models = by_model(rows, base)
    operators = [name for name in models if models[name][0].numbers.tier and not name.endswith(REFERENCE)]
    return [
        *_matches_retraining(models, operators),
        *_steadier(models, operators),
        *_phases(models, operators),
        *_collapse(models, operators),
        *_swaps(rows, base, operators),
    ]


def _matches_retraining(models: dict[str, list[Row]], operators: list[str]) -> Iterable[tuple[str, str, str, str]]:
    for name in operators:
        for retrained in RETRAINED:
            if retrained not in models or name == retrained:
                continue
            for measure, title in MEASURES.items():
                found = paired(models[name], models[retrained], measure)
                if found is not None:
                    said = found.verdict("better", "worse")
                    yield "Matches or beats retraining", f"{name} minus {retrained}, {title}", str(found), said


def _steadier(models: dict[str, list[Row]], operators: list[str]) -> Iterable[tuple[str, str, str, str]]:
    for name in operators:
        for retrained in RETRAINED:
            if retrained not in models or name == retrained:
                continue
            one, other = (values(models[each], "auroc_conflicting") for each in (name, retrained))
            seeds = [seed for seed in one if seed in other]
            first, second = [one[seed] for seed in seeds], [other[seed] for seed in seeds]
            p_value = same_spread(first, second)
            if p_value is None:
                continue
            spreads = statistics.stdev(first), statistics.stdev(second)
            said = "no clear difference"
            if p_value < 0.05:
                said = "steadier" if spreads[0] < spreads[1] else "less steady"
            compared = f"standard deviation of {name} and {retrained}, AUROC conflicting"
            yield (
                "Varies less than retraining",
                compared,
                f"{spreads[0]:.3f} and {spreads[1]:.3f}, p = {p_value:.2f}",
                said,
            )


def _phases(models: dict[str, list[Row]], operators: list[str]) -> Iterable[tuple[str, str, str, str]]:
    for name in operators:
        known = [
            (row.numbers.loss_before, row.numbers.loss_worst, row.numbers.loss_after)
            for row in models[name]
            if row.numbers.tier == "certified"
        ]
        losses = [(b, w, a) for b, w, a in known if b is not None and w is not None and a is not None]
        if not losses:
            continue
        seen = sum(worst > 1.1 * before and after < worst for before, worst, after in losses)
        means = " → ".join(f"{statistics.fmean(column):.3g}" for column in zip(*losses, strict=True))
        said = "two phases" if seen == len(losses) else "no degradation" if not seen else "in some seeds"
        numbers = f"retain loss {means} nats (before, worst, after); degraded and recovered in {seen} of {len(losses)}"
        yield "Degrades, then recovers", name, numbers, said


def _collapse(models: dict[str, list[Row]], operators: list[str]) -> Iterable[tuple[str, str, str, str]]:
    for name in operators:
        certified = [row for row in models[name] if row.numbers.tier == "certified"]
        if not certified:
            continue
        refused = sum(row.numbers.dice_conflicting is None for row in certified)
        collapsed = sum(COLLAPSED in row.numbers.failure for row in certified)
        dice = list(values(certified, "dice_conflicting").values())
        numbers = f"collapsed in {collapsed}, refused in {refused} of {len(certified)} seeds"
        if dice:
            numbers += f"; least Dice {min(dice):.3f}"
        said = "refused" if refused else "collapses" if collapsed else "no collapse"
        yield "Certified without collapse", name, numbers, said


def _swaps(rows: Sequence[Row], base: Setting, operators: list[str]) -> Iterable[tuple[str, str, str, str]]:
    if not base.swaps:
        return
    with_, without = by_model(rows, base), by_model(rows, dataclasses.replace(base, swaps=0))
    for name in operators:
        for measure, title in SWAPPED.items():
            found = paired(with_[name], without.get(name, []), measure)
            if found is not None:
                better = ("wider", "narrower") if measure == "shortcut_gap" else ("better", "worse")
                said = found.verdict(*better)
                yield (
                    "Composed cases close the context shortcut",
                    f"{name} with minus without, {title}",
                    str(found),
                    said,
                )
