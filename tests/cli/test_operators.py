"""Listing the operators."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.operators import registry
from napari_unlearn.operators.foreign import LeftOut
from napari_unlearn.operators.registry import available


def test_json_tells_tiers_and_parameters(told: Callable[..., dict[str, Any]]) -> None:
    listed = told("operators")["operators"]
    assert [entry["name"] for entry in listed] == [entry.name for entry in available()]
    for entry, known in zip(listed, available(), strict=True):
        assert entry["tier"] == known.tier
        assert entry["badge"] == known.badge
        assert entry["parameters"].keys() == known.parameters.keys()
        assert {"title", "summary", "source"} <= entry.keys()


def test_people_see_a_table(type_: Callable[..., Result]) -> None:
    result = type_("operators")
    assert result.exit_code == 0
    for entry in available():
        assert entry.name in result.stdout
        assert entry.badge in result.stdout


def test_names_and_settings_are_whole_in_a_narrow_terminal(
    type_: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    printed = type_("operators").stdout
    assert "…" not in printed
    for entry in available():
        assert entry.name in printed
        for name, facts in entry.parameters.items():
            assert f"{name}={facts['default']:g}" in printed


def test_what_cannot_be_loaded_is_listed_with_its_reason(
    type_: Callable[..., Result], told: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told("operators")["left_out"] == []
    assert "could not be loaded" not in type_("operators").stdout.lower()
    reason = "Operator 'push' of elsewhere 1.2 was left out: [red] is no colour of 3."
    monkeypatch.setattr(registry, "left_out", lambda: (LeftOut("push", "elsewhere 1.2", reason),))
    assert told("operators")["left_out"] == [{"name": "push", "package": "elsewhere 1.2", "reason": reason}]
    assert f"Could not be loaded:\n- {reason}" in type_("operators").stdout


def test_an_operator_of_another_package_names_it(
    type_: Callable[..., Result], told: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {entry["package"] for entry in told("operators")["operators"]} == {None}
    entry = dataclasses.replace(available()[-1], package="elsewhere 1.2")
    monkeypatch.setattr(registry, "available", lambda: (entry,))
    assert told("operators")["operators"][0]["package"] == "elsewhere 1.2"
    assert "From elsewhere 1.2." in type_("operators").stdout
