"""For what a budget can be planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.plannable import head_of, obstacle, plannable, planned_numbers
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.registry import info


def test_the_obstacles_of_a_plan_are_said_in_a_sentence() -> None:
    assert obstacle(info("gradient-clipping"), head=True) == obstacle(info("residual-head"), head=True) == ""
    assert "spends no budget" in obstacle(info("exact-refit"), head=True)
    assert "is a U-Net" in obstacle(info("gradient-clipping"), head=False)


def test_an_operator_without_a_ball_cannot_be_planned_for_a_run(model: Path) -> None:
    with pytest.raises(UserError, match="leave --plan out"):
        planned_numbers(model, info("residual-head"), 1.0, 1e-5, {})


def test_what_can_be_planned_is_known_without_loading_the_model(model: Path, unet: Path) -> None:
    assert plannable(model, "gradient-clipping")
    assert not plannable(model, "residual-head")
    assert not plannable(unet, "gradient-clipping")


def test_numbers_for_a_run_keep_what_the_user_gave(model: Path) -> None:
    numbers = planned_numbers(model, info("gradient-clipping"), 1.0, 1e-5, {"steps": 3, "strength": 0.1})
    assert (numbers["steps"], numbers["strength"]) == (3, 0.1)
    stronger = planned_numbers(model, info("gradient-clipping"), 1.0, 1e-5, {"strength": 1e-3})
    assert numbers["initial_radius"] < stronger["initial_radius"]


def test_only_a_head_is_loaded_to_plan_for(model: Path, unet: Path) -> None:
    assert isinstance(head_of(model, "cpu"), HeadSegmenter)
    with pytest.raises(UserError, match="is a U-Net, for whose length no bound is known beforehand"):
        head_of(unet, "cpu")
