"""Listing the operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

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
