"""The numbers a user may set."""

from __future__ import annotations

from dataclasses import fields

import pytest

from napari_unlearn.operators.catalogue.exact import ExactRefitSettings
from napari_unlearn.operators.registry import available
from napari_unlearn.operators.settings import MinimumSettings, Settings, explain

ALL = [entry.settings for entry in available()]
NUMBERS = [(kind, entry.name) for kind in ALL for entry in fields(kind)]


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=lambda value: getattr(value, "__name__", value))
def test_every_number_keeps_to_its_range(kind: type[Settings], name: str) -> None:
    facts = explain(kind)[name]
    low, high = facts["low"], facts["high"]
    for inside in (low, facts["default"], high):
        assert getattr(kind(**{name: inside}), name) == inside
    for outside in (low - abs(low) - 1e-3, high + abs(high) + 1, float("nan")):
        with pytest.raises(ValueError, match=rf"^{name} must lie between .* and .*, not "):
            kind(**{name: outside})


@pytest.mark.parametrize("kind", ALL)
def test_defaults_have_the_type_of_their_field(kind: type[Settings]) -> None:
    for entry in fields(kind):
        assert type(entry.default).__name__ == entry.type


@pytest.mark.parametrize("kind", ALL)
def test_every_operator_shares_the_numbers_of_a_head(kind: type[Settings]) -> None:
    shared, own = explain(Settings), explain(kind)
    for name, facts in shared.items():
        assert {**own[name], "default": None} == {**facts, "default": None}
    differing = {name for name in shared if own[name] != shared[name]}
    assert differing == ({"background_weight", "near_weight"} if issubclass(kind, MinimumSettings) else set())


def test_settings_cannot_be_changed_by_the_way() -> None:
    with pytest.raises(AttributeError):
        ExactRefitSettings().strength = 1.0  # type: ignore[misc]
