"""Options that several commands share."""

from __future__ import annotations

import pytest
import typer

from napari_unlearn.cli.options import settings_of


def test_settings_are_names_and_numbers() -> None:
    assert settings_of(["steps=30", "step_size=1e-3"]) == {"steps": 30, "step_size": 1e-3}
    assert settings_of(None) == {}


@pytest.mark.parametrize("pair", ["steps", "steps=", "steps=many", "=1=2"])
def test_anything_else_is_named(pair: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"^'{pair}' is not NAME=NUMBER$"):
        settings_of([pair])
