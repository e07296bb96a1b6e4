from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import RunFacts


def test_the_summary_quotes_the_numbers(measured: Content) -> None:
    text = " ".join(measured.summary())
    assert "6 of 12 training cases had a fine mask." in text
    assert "On test_aligned (20 cases in which shortcut and diagnosis agree): Dice from 0.812 to 0.812" in text
    assert "Leakage from 0.0123 to 0.0123" in text
    assert "Shortcut gap" not in text


def test_without_numbers_the_summary_says_so(facts: RunFacts) -> None:
    assert "not measured for this report" in Content(facts).summary()[-1]
    assert "refined" not in Content(dataclasses.replace(facts, metrics={})).summary()[0]


def test_without_the_model_before_nothing_is_compared(facts: RunFacts, numbers: dict[str, Any]) -> None:
    text = " ".join(Content(facts, after=numbers).summary())
    assert "Dice 0.812;" in text
    assert " from " not in text.split("On test_aligned", 1)[1]


def test_withdrawn_cases_are_counted(facts: RunFacts) -> None:
    whole = dataclasses.replace(facts, metrics={**facts.metrics, "forgotten_cases": 3})
    assert "3 whole cases" in Content(whole).summary()[0]


def test_positive_cases_are_counted_in_the_data_set(sample: Dataset, facts: RunFacts, numbers: dict[str, Any]) -> None:
    splits = Content(facts, sample, after=numbers).splits
    expected = sum(case.diagnosis == "malignant" for case in sample.refined("test_aligned"))
    assert splits[0].positive == expected > 0
    assert Content(facts, after=numbers).splits[0].positive is None


def test_each_meaning_is_told_once(measured: Content) -> None:
    names = [entry.name for entry in measured.meanings]
    assert names == ["Dice", "AUROC", "Leakage", "Counterfactual shift", "Shortcut gap"]
    assert all(entry.meaning for entry in measured.meanings)


def test_the_budget_is_that_of_a_certified_run_only(
    facts: RunFacts, empirical: RunFacts, certified: RunFacts, altered: Callable[..., RunFacts]
) -> None:
    assert Content(facts).budget() == Content(empirical).budget() == []
    assert [row[:2] for row in Content(certified).budget()] == [
        ("ε", "1.25"),
        ("δ", "3e-6"),
        ("Attempts", "1"),
        ("μ of this run alone", "0.375"),
    ]
    without_mu = altered(tier="certified", mechanism="pnsgd", epsilon=1.0, delta=1e-5, mu=None)
    assert len(Content(without_mu).budget()) == 3


def test_settings_are_explained(facts: RunFacts) -> None:
    rows = {name: (value, meaning) for name, value, meaning in Content(facts).settings}
    assert rows["strength"][0] == "0.001"
    assert "Pull of the head" in rows["strength"][1]
    assert rows["counterfactual"][1]


def test_a_change_of_leakage_that_may_be_chance_is_called_so(facts: RunFacts, numbers: dict[str, Any]) -> None:
    def summary(low: float, high: float) -> str:
        change = {"value": (low + high) / 2, "low": low, "high": high, "note": ""}
        split = {**numbers["splits"]["test_aligned"], "leakage_difference": change}
        return " ".join(Content(facts, after={"splits": {"test": split}}, before={"splits": {"test": split}}).summary())

    assert "may be chance" in summary(-0.02, 0.01)
    assert "may be chance" not in summary(-0.02, -0.01)


def test_nothing_that_looks_like_a_budget_is_shown_of_a_run_without_one(altered: Callable[..., RunFacts]) -> None:
    parameters = {"attempt_epsilon": 1.0, "Delta": 1e-5, "mu": 0.3, "sigma": 2.0}
    nothing = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
    assert [row[0] for row in Content(altered(parameters=parameters, **nothing)).settings] == ["sigma"]
    budget = {"tier": "certified", "mechanism": "residual", "epsilon": 1.0, "delta": 1e-5, "mu": 0.3}
    assert [row[0] for row in Content(altered(parameters=parameters, **budget)).settings] == list(parameters)
