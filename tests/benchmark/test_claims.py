"""Claims held against a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from napari_unlearn.benchmark.claims import claims, paired, same_spread
from napari_unlearn.benchmark.groups import Setting
from napari_unlearn.benchmark.row import Row

SEEDS = range(5)


def test_the_interval_is_that_of_the_paired_t_test(row: Callable[..., Row]) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random(5), rng.random(5)
    first, second = ([row(name, s, float(x)) for s, x in enumerate(xs)] for name, xs in (("a", one), ("b", other)))
    found = paired(first, second[::-1], "auroc_conflicting")
    low, high = stats.t.interval(0.95, 4, loc=(one - other).mean(), scale=stats.sem(one - other))
    assert found is not None
    assert found.mean == pytest.approx(float((one - other).mean()))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_seeds_that_only_one_model_has_are_left_out(row: Callable[..., Row]) -> None:
    found = paired([row("a", 1, 0.9), row("a", 2, 0.1)], [row("b", 1, 0.5)], "auroc_conflicting")
    assert found is not None
    assert (found.mean, found.low, found.seeds) == (pytest.approx(0.4), None, 1)
    assert found.verdict("better", "worse") == "one seed only"
    assert paired([row("a", 1)], [row("b", 2)], "auroc_conflicting") is None


def test_spreads_are_compared_as_those_of_paired_numbers() -> None:
    rng = np.random.default_rng(1)
    steady, shaky = rng.normal(0, 0.1, 200), rng.normal(0, 0.3, 200)
    p_value = same_spread(steady, shaky)
    assert p_value is not None
    assert p_value < 1e-6
    rejected = [(same_spread(*rng.normal(0, 1, (2, 5))) or 0.0) < 0.05 for _ in range(300)]
    assert 0.01 < np.mean(rejected) < 0.1
    assert same_spread([1.0, 2.0], [2.0, 1.0]) is None
    assert same_spread([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) is None


def said(rows: list[Row], claim: str) -> dict[str, str]:
    """Verdicts on a claim, by what was compared."""
    base = Setting.of(next(row.trial for row in rows if row.trial.model == "exact-refit"))
    return {compared: verdict for each, compared, _, verdict in claims(rows, base) if claim in each}


def test_better_and_worse_than_retraining_are_told_apart(row: Callable[..., Row]) -> None:
    rows = [row("scratch", s, 0.5 + 0.01 * s, swaps=None, coarse="", tier="") for s in SEEDS]
    rows += [row("exact-refit", s, 0.7 + 0.012 * s) for s in SEEDS]
    rows += [row("neggrad-seg", s, 0.3 + 0.011 * s, tier="empirical") for s in SEEDS]
    rows += [row("fine-tune", s, 0.52 + (-1) ** s * 0.1, tier="empirical") for s in SEEDS]
    verdicts = said(rows, "retraining")
    assert verdicts["exact-refit minus scratch, AUROC conflicting"] == "better"
    assert verdicts["neggrad-seg minus scratch, AUROC conflicting"] == "worse"
    assert verdicts["fine-tune minus scratch, AUROC conflicting"] == "no clear difference"


def test_two_phases_want_a_loss_that_rises_and_falls_in_every_seed(row: Callable[..., Row]) -> None:
    def certified(name: str, losses: list[tuple[float, float, float]]) -> list[Row]:
        return [
            row(name, s, tier="certified", loss_before=b, loss_worst=w, loss_after=a)
            for s, (b, w, a) in enumerate(losses)
        ]

    rows = [row("exact-refit", 0), *certified("both", [(1, 9, 0.5)] * 2), *certified("flat", [(1, 1, 0.5)] * 2)]
    rows += certified("mixed", [(1, 9, 0.5), (1, 1, 0.5)])
    assert said(rows, "recovers") == {"both": "two phases", "flat": "no degradation", "mixed": "in some seeds"}


def test_a_certified_operator_that_collapsed_or_refused_is_told(row: Callable[..., Row]) -> None:
    rows = [row("exact-refit", 0), row("good", 0, tier="certified")]
    rows += [row("bad", 0, tier="certified", failure="The revised model has collapsed: all is background.")]
    rows += [row("shy", 0, None, tier="certified", failure="Refine more cases.")]
    assert said(rows, "without collapse") == {"good": "no collapse", "bad": "collapses", "shy": "refused"}


def test_composed_cases_are_judged_by_the_gap_too(row: Callable[..., Row]) -> None:
    rows = [row("exact-refit", s, 0.8 + 0.01 * s) for s in SEEDS] + [row("retrain", 0)]
    rows += [row("exact-refit", s, 0.5 + 0.011 * s, swaps=0) for s in SEEDS]
    verdicts = said(rows, "context shortcut")
    assert verdicts == {
        "exact-refit with minus without, AUROC conflicting": "better",
        "exact-refit with minus without, Dice conflicting": "better",
        "exact-refit with minus without, shortcut gap": "narrower",
    }
