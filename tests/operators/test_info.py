"""What is said about an operator."""

from __future__ import annotations

import dataclasses

from napari_unlearn.operators.registry import info


def test_only_a_certified_operator_has_a_budget() -> None:
    entry = info("gradient-clipping")
    assert entry.uses_budget
    assert not dataclasses.replace(entry, tier="exact").uses_budget
    assert not dataclasses.replace(entry, tier="empirical").uses_budget


def test_its_parameters_are_those_of_its_settings() -> None:
    parameters = info("gradient-clipping").parameters
    assert parameters["initial_radius"]["default"] == info("gradient-clipping").settings().initial_radius
