"""From a request to settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.jobs.chosen_settings import chosen_settings
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.operators.catalogue.certified_ball import GradientClippingSettings
from napari_unlearn.operators.registry import info


def request(**changes: Any) -> UnlearnRequest:
    return UnlearnRequest(Path("data"), Path("model"), Path("out"), "gradient-clipping", **changes)


def test_numbers_of_the_request_replace_the_defaults_in_their_own_type() -> None:
    made = chosen_settings(info("gradient-clipping"), request(settings={"steps": 3.0, "decay": 2}))
    assert made == GradientClippingSettings(steps=3, decay=2.0)
    assert isinstance(made, GradientClippingSettings)
    assert isinstance(made.steps, int)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"settings": {"magic": 1.0}}, "gradient-clipping has no setting magic; it has strength, pixels, "),
        ({"settings": {"steps": 1.5}}, "steps must be a whole number, not 1.5."),
        ({"settings": {"steps": 0}}, "steps must lie between 1 and"),
        ({"counterfactual": -1}, "must not be negative, as -1 is"),
        ({"keep_coarse": True}, "say which with --forget-cases"),
        ({"seed": -2}, "The seed must not be negative, as -2 is."),
        ({"epsilon": 0.0}, "A certificate needs epsilon above 0"),
        ({"delta": 1.0}, "A certificate needs epsilon above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        chosen_settings(info("gradient-clipping"), request(**changes))
    assert sentence in str(caught.value)


def test_a_budget_is_checked_only_where_it_is_spent() -> None:
    assert chosen_settings(info("exact-refit"), request(epsilon=0.0)).corrected == 1
