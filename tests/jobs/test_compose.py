"""Making one model of two runs."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.export import export_model
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.compose import ComposeRequest, events
from napari_unlearn.jobs.events import Cancelled, Done
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.jobs.unlearn import events as unlearn
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.unet_weights import part_of, weights_of
from napari_unlearn.privacy import gaussian_dp

RUNS: dict[str, tuple[str, dict[str, float]]] = {
    "exact": ("exact-refit", {"pixels": 40}),
    "sparse": ("exact-refit", {"pixels": 40, "background_weight": 0.2}),
    "clipped": ("gradient-clipping", {"pixels": 40, "steps": 5, "finetune": 1}),
    "noisy": ("residual-head", {"pixels": 40, "residual": 1e-6}),
    "pushed": ("neggrad-seg", {"pixels": 40, "steps": 20}),
}


@pytest.fixture(scope="module")
def runs(sample: Dataset, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each kind on a head."""
    folder = tmp_path_factory.mktemp("parts")
    for name, (operator, settings) in RUNS.items():
        *_, last = unlearn(
            UnlearnRequest(sample.root, model, folder / name, operator, device="cpu", settings=settings), Token()
        )
        assert isinstance(last, Done), last
    return folder


@pytest.fixture(scope="module")
def unets(sample: Dataset, unet: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two exact runs on a U-Net."""
    folder = tmp_path_factory.mktemp("unets")
    for name, rounds in (("one", 1), ("two", 2)):
        request = UnlearnRequest(sample.root, unet, folder / name, device="cpu", settings={"iterations": rounds})
        *_, last = unlearn(request, Token())
        assert isinstance(last, Done), last
    return folder


@pytest.fixture
def request_(sample: Dataset, runs: Path, tmp_path: Path) -> ComposeRequest:
    return ComposeRequest(sample.root, runs / "exact", runs / "sparse", tmp_path / "out" / "both", device="cpu")


def metrics(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())


def test_two_exact_runs_make_an_exact_one(request_: ComposeRequest, finish: Callable[..., Any], tmp_path: Path) -> None:
    result = finish(events(request_, Token()))
    assert (result.operator, result.tier, result.epsilon, result.delta) == ("compose", "exact", 0, 0)
    assert verify_run(request_.out) == []
    numbers = metrics(request_.out)
    rows = numbers["candidates"]
    assert [row["share_of_second"] for row in rows] == pytest.approx(np.linspace(0, 1, 11))
    chosen = next(row for row in rows if row["name"] == numbers["chosen"])
    assert chosen["dice"] >= max(row["dice"] for row in rows) - 0.01
    weights = [load_segmenter(folder / "model").head.weights for folder in (request_.first, request_.second)]
    share = chosen["share_of_second"]
    made = load_segmenter(result.model)
    np.testing.assert_allclose(made.head.weights, (1 - share) * weights[0] + share * weights[1])
    assert made.card.masks == "unlearned"
    assert numbers["leakage"].keys() == {"first", "second", "composed"}
    exported = export_model(request_.out, tmp_path / "exported")
    assert verify_run(exported.parent) == []


@pytest.mark.parametrize(
    ("first", "second", "mus"), [("exact", "clipped", 1), ("clipped", "noisy", 2), ("noisy", "sparse", 1)]
)
def test_certified_parts_are_charged(
    request_: ComposeRequest, finish: Callable[..., Any], runs: Path, first: str, second: str, mus: int
) -> None:
    request = dataclasses.replace(request_, first=runs / first, second=runs / second)
    result = finish(events(request, Token()))
    assert result.tier == "certified"
    assert verify_run(request.out) == []
    one = gaussian_dp.mu(1.0, 1e-5)
    record = read_certificate(request.out)
    assert record.mu == pytest.approx(np.sqrt(mus) * one)
    # Both certified runs on this model were looked at, whichever of them is a part.
    assert record.epsilon == pytest.approx(gaussian_dp.epsilon(np.sqrt(2) * one, 1e-5))
    assert record.attempts == 1 + (2 - mus)


def test_earlier_attempts_count_even_if_they_lie_elsewhere(
    request_: ComposeRequest, finish: Callable[..., Any], runs: Path, tmp_path: Path
) -> None:
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / "noisy").symlink_to(runs / "noisy")
    assert "earlier_mu" in read_certificate(runs / "noisy").parameters
    request = dataclasses.replace(request_, second=tmp_path / "moved" / "noisy")
    here = finish(events(request, Token()))
    assert here.epsilon == pytest.approx(gaussian_dp.epsilon(np.sqrt(2) * gaussian_dp.mu(1.0, 1e-5), 1e-5))


def test_an_empirical_part_leaves_nothing_guaranteed(
    request_: ComposeRequest, finish: Callable[..., Any], runs: Path
) -> None:
    result = finish(events(dataclasses.replace(request_, second=runs / "pushed"), Token()))
    assert (result.tier, result.epsilon) == ("empirical", None)
    assert verify_run(request_.out) == []
    broken = [entry for entry in read_certificate(request_.out).assumptions if not entry.holds]
    assert [entry.checked for entry in broken] == [
        "One of the runs is empirical, so nothing is guaranteed about what is made of it."
    ]


def test_masks_that_changed_since_leave_nothing_guaranteed(
    request_: ComposeRequest, finish: Callable[..., Any], sample: Dataset, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    (copy / "fine" / f"{sample.refined('train')[0].id}.png").unlink()
    result = finish(events(dataclasses.replace(request_, dataset=copy), Token()))
    assert result.tier == "empirical"


def test_fine_tuning_goes_on_from_what_was_chosen(
    request_: ComposeRequest, finish: Callable[..., Any], runs: Path
) -> None:
    request = dataclasses.replace(request_, second=runs / "pushed", finetune=8)
    tuned = finish(events(request, Token()))
    plain = finish(events(dataclasses.replace(request, finetune=0, out=request.out.parent / "plain"), Token()))
    assert metrics(tuned.folder)["chosen"] == metrics(plain.folder)["chosen"]
    assert sha256_file(tuned.model / "model.safetensors") != sha256_file(plain.model / "model.safetensors")
    assert read_certificate(tuned.folder).parameters["finetune"] == 8


def test_unets_on_one_encoder_exchange_their_heads(
    request_: ComposeRequest, finish: Callable[..., Any], unets: Path
) -> None:
    request = dataclasses.replace(request_, first=unets / "one", second=unets / "two", method="exchange")
    result = finish(events(request, Token()))
    assert result.tier == "exact"
    assert verify_run(request.out) == []
    numbers = metrics(request.out)
    assert len(numbers["candidates"]) == 2
    one, two, made = (
        load_segmenter(folder).network for folder in (unets / "one" / "model", unets / "two" / "model", result.model)
    )
    head = part_of(made, "segmentation_head")
    if numbers["chosen"].startswith("decoder of the second"):
        one, two = two, one
    np.testing.assert_array_equal(weights_of(made), np.where(head, weights_of(two), weights_of(one)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "magic"}, "There is no method 'magic'; choose one of best, interpolate, exchange."),
        ({"method": "exchange"}, "a head is a single layer"),
        ({"finetune": -1}, "must not be negative"),
        ({"first": Path("nowhere")}, "nowhere has no certificate.json"),
    ],
)
def test_what_cannot_be_is_refused(
    request_: ComposeRequest, failure: Callable[..., str], changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in failure(events(dataclasses.replace(request_, **changes), Token()))
    assert not request_.out.exists()


def test_runs_on_models_of_different_kinds_do_not_fit(
    request_: ComposeRequest, failure: Callable[..., str], unets: Path
) -> None:
    request = dataclasses.replace(request_, second=unets / "one")
    assert "cannot be composed: one is of another kind than the other." in failure(events(request, Token()))


def test_a_run_that_was_altered_is_not_composed(
    request_: ComposeRequest, failure: Callable[..., str], runs: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(runs / "sparse", tmp_path / "altered"))
    (copy / "metrics.json").write_text("{}")
    found = failure(events(dataclasses.replace(request_, second=copy), Token()))
    assert "does not pass verify: metrics.json was altered after the run." in found


def test_cancelling_leaves_nothing_behind(request_: ComposeRequest) -> None:
    token, told = Token(), []
    for event in events(request_, token):
        told.append(event)
        if len(told) == 25:
            token.cancel()
    assert isinstance(told[-1], Cancelled)
    assert not request_.out.parent.exists()


def test_a_part_that_was_removed_is_missed(request_: ComposeRequest, finish: Callable[..., Any]) -> None:
    finish(events(request_, Token()))
    (request_.out / "parts" / "first.json").unlink()
    failures = verify_run(request_.out)
    assert "parts/first.json is missing." in failures
    assert any("the certificate of the first run, is missing" in sentence for sentence in failures)
