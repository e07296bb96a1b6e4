"""The comparators in the list."""

from __future__ import annotations

from importlib.util import find_spec

from napari_unlearn.operators.catalogue.comparators import OPERATORS, RandomLabelSettings, SalUnSettings
from napari_unlearn.operators.settings import explain


def test_they_promise_nothing_and_revise_any_model() -> None:
    assert {(entry.tier, entry.badge, entry.convex) for entry in OPERATORS} == {("empirical", "Empirical", False)}


def test_each_has_a_module_of_its_name() -> None:
    for entry in OPERATORS:
        assert entry.module == f"napari_unlearn.operators.{entry.name.replace('-', '_')}"
        assert find_spec(entry.module) is not None


def test_salun_is_random_labelling_of_some_weights() -> None:
    own, shared = explain(SalUnSettings), explain(RandomLabelSettings)
    assert shared.keys() < own.keys()
