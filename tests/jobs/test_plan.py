"""The job that says what a budget costs."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.files import sha256_bytes
from napari_unlearn.jobs.events import Cancelled, Progress
from napari_unlearn.jobs.plan import PlanRequest, events
from napari_unlearn.jobs.predicted import PlanResult
from napari_unlearn.jobs.token import Token
from napari_unlearn.operators.planned import head_radius
from napari_unlearn.privacy import gaussian_dp, gradient_clipping

SMALL = {"pixels": 40, "background_pixels": 20}


def request(sample: Dataset, model: Path, **replaced: Any) -> PlanRequest:
    small = PlanRequest(sample.root, model, epsilons=(3.0, 0.5), settings=SMALL, draws=2, cases=4, device="cpu")
    return dataclasses.replace(small, **replaced)


@pytest.fixture(scope="module")
def result(sample: Dataset, model: Path, finish: Callable[..., Any]) -> PlanResult:
    made = finish(events(request(sample, model), Token()))
    assert isinstance(made, PlanResult)
    return made


def test_every_operator_is_predicted_at_every_budget_beside_the_public_start(result: PlanResult) -> None:
    assert result.operators == ("residual-head", "gradient-clipping")
    for name in result.operators:
        assert [point.epsilon for point in result.of(name)] == [0.5, 3.0]
    assert result.splits == {"test_aligned": 4, "test_conflicting": 4}
    assert result.held_out
    for point in result.points:
        for expected in (point.certified, point.public):
            assert expected.dice is not None
            assert 0 < expected.dice <= 1
            assert expected.leakage is not None
    numbers = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert numbers["points"][0].keys() >= {"operator", "epsilon", "certified", "public", "settings", "command"}
    assert numbers["advised"].keys() == {"residual-head", "gradient-clipping"}


def test_a_residual_certificate_costs_nothing_that_can_be_measured(result: PlanResult) -> None:
    for point in result.of("residual-head"):
        assert point.certified.dice == pytest.approx(result.exact.dice, abs=1e-3)
        assert point.survival is None


def test_the_planned_numbers_spend_exactly_the_budget(result: PlanResult) -> None:
    for point in result.of("gradient-clipping"):
        numbers = {name: point.settings[name] for name in ("initial_radius", "gradient_radius", "step_size", "decay")}
        steps = int(point.settings["steps"])
        sigma = gradient_clipping.sigma(point.epsilon, 1e-5, steps=steps, **numbers)
        assert gradient_clipping.mu(sigma, steps=steps, **numbers) == pytest.approx(gaussian_dp.mu(point.epsilon, 1e-5))
        assert point.survival == pytest.approx(numbers["initial_radius"] / head_radius(3, 1e-3))
    small, large = result.of("gradient-clipping")
    assert small.survival < large.survival


def test_the_model_in_use_is_not_looked_at(
    sample: Dataset, model: Path, result: PlanResult, tmp_path: Path, finish: Callable[..., Any]
) -> None:
    from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
    from napari_unlearn.models.head import PixelHead

    segmenter = load_segmenter(model)
    own = segmenter.head
    other = dataclasses.replace(segmenter, head=PixelHead(-3 * own.weights, own.standardiser, own.channels))
    save_segmenter(other, tmp_path / "other")
    again = finish(events(request(sample, tmp_path / "other"), Token()))
    assert again.points == result.points
    assert again.exact == result.exact


def test_what_the_model_forgot_whole_is_left_out(
    sample: Dataset, model: Path, result: PlanResult, tmp_path: Path, finish: Callable[..., Any]
) -> None:
    from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter

    segmenter = load_segmenter(model)
    case = next(case for case in sample.split("train") if case.is_refined)
    card = dataclasses.replace(segmenter.card, withdrawn=(sha256_bytes(case.id.encode()),))
    save_segmenter(dataclasses.replace(segmenter, card=card), tmp_path / "other")
    again = finish(events(request(sample, tmp_path / "other", operators=("residual-head",)), Token()))
    assert again.exact != result.exact


def test_a_command_line_repeats_what_was_asked_for(
    sample: Dataset, model: Path, result: PlanResult, tmp_path: Path
) -> None:
    point = result.of("gradient-clipping")[0]
    words = result.command(point).split()
    assert words[:5] == ["napari-unlearn", "unlearn", str(sample.root), str(model), "--out"]
    assert words[-1] == "--plan"
    assert "pixels=40" in words
    assert "--plan" not in result.command(result.of("residual-head")[0])


def test_a_number_that_is_given_is_not_planned(sample: Dataset, model: Path, finish: Callable[..., Any]) -> None:
    wished = request(
        sample,
        model,
        operators=("gradient-clipping",),
        epsilons=(1.0,),
        draws=1,
        settings={**SMALL, "steps": 3, "finetune": 0},
    )
    (point,) = finish(events(wished, Token())).points
    assert point.settings["steps"] == 3
    assert point.survival is None
    assert point.certified != point.public


def test_without_a_test_split_the_refined_cases_are_measured_and_it_is_said(
    sample: Dataset, model: Path, tmp_path: Path, finish: Callable[..., Any]
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    for path in (copy / "fine").glob("[!t]*.png"):
        path.unlink()
    wished = request(sample, model, dataset=copy, operators=("gradient-clipping",), epsilons=(1.0,), draws=1)
    made = finish(events(wished, Token()))
    assert not made.held_out
    assert made.splits == {"train": 4}


def test_it_can_be_cancelled_and_tells_how_far_it_is(sample: Dataset, model: Path) -> None:
    token = Token()
    seen = []
    for event in events(request(sample, model), token):
        seen.append(event)
        if isinstance(event, Progress) and event.message.startswith("Trying"):
            token.cancel()
    assert isinstance(seen[-1], Cancelled)
    told = [event for event in seen if isinstance(event, Progress) and event.message.startswith("Trying")]
    assert len(told) == 1
    assert told[0].message == "Trying Residual certificate at ε = 0.5"


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"operators": ("exact-refit",)}, "spends no budget"),
        ({"operators": ("magic",)}, "no operator 'magic'"),
        ({"epsilons": (0.0,)}, "Every epsilon must be"),
        ({"epsilons": ()}, "at least one is needed"),
        ({"epsilons": (math.inf,)}, "Every epsilon must be"),
        ({"delta": 1.0}, "Delta must lie between 0 and 1"),
        ({"draws": 0}, "number of draws must be 1 or more"),
        ({"settings": {"magic": 1.0}}, "has a setting magic"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    sample: Dataset, model: Path, failure: Callable[..., str], replaced: dict[str, Any], words: str
) -> None:
    assert words in failure(events(request(sample, model, **replaced), Token()))


@pytest.mark.parametrize("operator", ["pnsgd", "newton-step"])
def test_what_goes_on_with_a_training_has_no_stand_in(
    sample: Dataset, model: Path, failure: Callable[..., str], operator: str
) -> None:
    found = failure(events(request(sample, model, operators=(operator,)), Token()))
    assert "goes on with the training of the head in use, and no other head can stand in" in found


def test_a_unet_cannot_be_planned(sample: Dataset, unet: Path, failure: Callable[..., str]) -> None:
    assert "is a U-Net" in failure(events(request(sample, unet), Token()))
