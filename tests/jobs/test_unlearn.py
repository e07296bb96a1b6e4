"""One unlearning run, from a data set and a model to a run folder."""

from __future__ import annotations

import dataclasses
import errno
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from napari_unlearn.data.dataset import Dataset, open_dataset
from napari_unlearn.export import export_model
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs import trajectory
from napari_unlearn.jobs import unlearn as module
from napari_unlearn.jobs.events import Cancelled, Failed, Metric, Note, Progress
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import TrainRequest
from napari_unlearn.jobs.train import events as training
from napari_unlearn.jobs.unlearn import RunResult, UnlearnRequest, events
from napari_unlearn.models.checkpoint import load_segmenter, save_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.segmenter import predict_mask
from napari_unlearn.models.unet import UnetSegmenter, public_unet
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators.catalogue.certified_convex import BoundedSettings
from napari_unlearn.operators.protocol import Revision, Step
from napari_unlearn.operators.registry import available, info
from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.project.case_notes import CaseNotes

SMALL: dict[str, dict[str, float]] = {
    "exact-refit": {},
    "residual-head": {"residual": 1e-6},
    "gradient-clipping": {"steps": 5, "finetune": 2},
    "model-clipping": {"steps": 3, "finetune": 2},
    "blockwise": {"steps": 2, "blocks": 2, "repair": 1, "finetune": 2},
    "output-perturbation": {"finetune": 2},
    "neggrad-seg": {"steps": 25},
}


@pytest.fixture
def request_(sample: Dataset, model: Path, tmp_path: Path) -> UnlearnRequest:
    return UnlearnRequest(sample.root, model, tmp_path / "runs" / "first", device="cpu", settings={"pixels": 40})


@pytest.fixture
def change(request_: UnlearnRequest) -> Callable[..., UnlearnRequest]:
    """A function that changes the request; `settings` are added to those of the small problem."""

    def make(name: str = "first", operator: str = "exact-refit", **changes: Any) -> UnlearnRequest:
        settings = {**request_.settings, **SMALL.get(operator, {}), **changes.pop("settings", {})}
        out = request_.out.parent / name
        return dataclasses.replace(request_, out=out, operator=operator, settings=settings, **changes)

    return make


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256_file(path) for path in folder.iterdir()}


# These go on with a training of their own, and have tests of their own below.
OF_ANY_HEAD = [operator for operator in available() if not issubclass(operator.settings, BoundedSettings)]


@pytest.mark.parametrize("operator", OF_ANY_HEAD, ids=lambda operator: operator.name)
@pytest.mark.parametrize("swaps", [0, 1])
def test_every_operator_makes_a_valid_run(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], sample: Dataset, operator: Any, swaps: int
) -> None:
    request = change(operator=operator.name, counterfactual=swaps)
    before = digests(request.model)
    result = finish(events(request, Token()))
    assert isinstance(result, RunResult)
    assert verify_run(request.out) == []
    assert digests(request.model) == before
    assert (result.operator, result.tier, result.folder) == (operator.name, operator.tier, request.out)
    assert (result.epsilon, result.delta) == {"exact": (0, 0), "certified": (1.0, 1e-5), "empirical": (None, None)}[
        operator.tier
    ]
    assert dict(result.certificate) == read_certificate(request.out).to_dict()
    revised, original = load_segmenter(result.model), load_segmenter(request.model)
    assert revised.encoder.weights_hash == original.encoder.weights_hash
    assert np.linalg.norm(revised.head.weights - original.head.weights) > 0
    assert revised.card.masks == "unlearned"
    assert predict_mask(revised, sample.cases[0].image()).shape == (64, 64)


def short(operator: Any) -> dict[str, float]:
    """Settings with which it does not take long."""
    lengths = ("iterations", "steps", "newton_steps", "averages", "depth", "finetune", "passes", "epochs", "draws")
    return {name: max(1, operator.parameters[name]["low"]) for name in lengths if name in operator.parameters}


@pytest.mark.parametrize("operator", [o for o in available() if not o.convex], ids=lambda operator: operator.name)
def test_every_operator_that_needs_no_convex_head_revises_a_unet(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], sample: Dataset, unet: Path, operator: Any
) -> None:
    request = change(operator=operator.name, model=unet, settings={"pixels": 400, **short(operator)})
    result = finish(events(request, Token()))
    assert verify_run(request.out) == []
    assert result.tier == operator.tier
    revised, original = load_segmenter(result.model), load_segmenter(unet)
    assert isinstance(revised, UnetSegmenter)
    assert revised.card == dataclasses.replace(original.card, masks="unlearned", cases=6)
    states = [model.network.layers.encoder.state_dict() for model in (revised, original)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert np.linalg.norm(weights_of(revised.network) - weights_of(original.network)) > 0
    assert predict_mask(revised, sample.cases[0].image()).shape == (64, 64)
    record = read_certificate(request.out)
    assert record.hashes["public_encoder"] == load_segmenter(change().model).encoder.weights_hash
    assert record.parameters["decoder_seed"] == request.seed
    metrics = json.loads((request.out / "metrics.json").read_text())
    assert metrics["weights_moved"] > 0


@pytest.mark.parametrize("operator", [o for o in available() if o.convex], ids=lambda operator: operator.name)
def test_an_operator_that_needs_a_convex_head_refuses_a_unet_and_names_those_that_do_not(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], unet: Path, operator: Any
) -> None:
    request = change(operator=operator.name, model=unet)
    found = failure(events(request, Token()))
    assert found.startswith(
        f"{operator.title} rests on a convex objective, which the head of a model has and the U-Net"
    )
    assert "choose one of exact-refit, " in found
    assert operator.name not in found
    assert not request.out.exists()


@pytest.fixture
def whole(unet: Path, encoder: Encoder, tmp_path: Path) -> Callable[..., Path]:
    """A function that makes a U-Net of which everything was trained, as far as its card says."""

    def make(**card: Any) -> Path:
        segmenter = load_segmenter(unet)
        network = public_unet(encoder, 3, frozen=False, seed=1)
        facts = {"trainable": "all", "public_encoder": encoder.weights_hash, **card}
        model = UnetSegmenter(
            dataclasses.replace(segmenter.card, **facts),
            encoder.card.fitted_on("coarse", segmenter.card.trained_on),
            network,
        )
        save_segmenter(model, tmp_path / "whole")
        return tmp_path / "whole"

    return make


@pytest.mark.parametrize("operator", ["exact-refit", "gradient-clipping"])
def test_a_wholly_trained_unet_is_certified_about_its_public_encoder(
    change: Callable[..., UnlearnRequest],
    finish: Callable[..., Any],
    whole: Callable[..., Path],
    encoder: Encoder,
    encoder_file: Path,
    operator: str,
) -> None:
    settings = short(info(operator))
    request = change(operator=operator, model=whole(), public_encoder=str(encoder_file), settings=settings)
    result = finish(events(request, Token()))
    assert verify_run(request.out) == []
    assert result.tier != "empirical"
    record = read_certificate(request.out)
    assert record.hashes["public_encoder"] == encoder.weights_hash
    assert {group.role for group in record.tensors} == {"covered"}
    revised = load_segmenter(result.model)
    assert revised.card.public_encoder == encoder.weights_hash
    assert revised.encoder_card.public is False
    masks = "fine" if operator == "exact-refit" else "coarse"
    assert revised.encoder_card.trained_on.endswith(f"the {masks} masks of {revised.card.trained_on}")


@pytest.mark.parametrize("operator", ["exact-refit", "gradient-clipping"])
def test_without_its_public_encoder_a_wholly_trained_unet_gets_no_certificate(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], whole: Callable[..., Path], operator: str
) -> None:
    request = change(operator=operator, model=whole(public_encoder=""), settings=short(info(operator)))
    assert (
        "the public encoder that it started from is not at hand); name it with --public-encoder, or choose"
        in failure(events(request, Token()))
    )
    assert not request.out.exists()


def test_an_empirical_operator_does_without_the_public_encoder(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], whole: Callable[..., Path]
) -> None:
    request = change(operator="neggrad-seg", model=whole(public_encoder=""), settings={"steps": 2})
    assert finish(events(request, Token())).tier == "empirical"
    assert verify_run(request.out) == []


def test_an_exact_run_of_a_unet_does_not_depend_on_the_model_in_use(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], unet: Path, tmp_path: Path
) -> None:
    other = load_segmenter(unet)
    with torch.no_grad():
        for value in other.network.layers.decoder.state_dict().values():
            if value.is_floating_point():
                value.fill_(0.3)
    save_segmenter(other, tmp_path / "other")
    settings = {"iterations": 2}
    one = finish(events(change("one", model=unet, settings=settings), Token()))
    two = finish(events(change("two", model=tmp_path / "other", settings=settings), Token()))
    assert verify_run(export_model(one.folder, tmp_path / "exported").parent) == []
    assert sha256_file(unet / "model.safetensors") != sha256_file(tmp_path / "other" / "model.safetensors")
    assert sha256_file(one.model / "model.safetensors") == sha256_file(two.model / "model.safetensors")


def test_a_head_needs_no_public_encoder_to_be_named(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str]
) -> None:
    assert "holds its public encoder itself; leave --public-encoder out" in failure(
        events(change(public_encoder="shipped"), Token())
    )


def test_the_result_has_the_keys_of_the_contract(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any]
) -> None:
    numbers = json.loads(json.dumps(finish(events(change(), Token())).to_json(), allow_nan=False))
    wanted = {"operator", "tier", "epsilon", "delta", "seconds", "model", "retain_pixels", "forget_pixels"}
    assert wanted <= numbers.keys()
    assert "certificate" not in numbers
    assert Path(numbers["model"]).is_dir()
    assert numbers["retain_pixels"] + numbers["forget_pixels"] == 12 * 64 * 64


def test_a_run_keeps_its_curves_and_numbers(change: Callable[..., UnlearnRequest], finish: Callable[..., Any]) -> None:
    request = change(operator="gradient-clipping", settings={"finetune": 30})
    told = list(events(request, Token()))
    lines = [json.loads(line) for line in (request.out / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == [type(event).__name__.lower() for event in told[:-1]]
    assert {line["event"] for line in lines} == {"progress", "metric", "reference"}
    metrics = json.loads((request.out / "metrics.json").read_text())
    assert (metrics["refined_cases"], metrics["unrefined_cases"]) == (6, 6)
    losses = metrics["retain_loss"]
    assert losses["same_recipe_from_public_start"] is not None
    assert losses["after"] < losses["before"]
    assert metrics["weights_moved"] > 0


def test_the_certificate_names_the_files(change: Callable[..., UnlearnRequest], finish: Callable[..., Any]) -> None:
    request = change(counterfactual=1)
    finish(events(request, Token()))
    record = read_certificate(request.out)
    assert record.hashes["model_in"] == sha256_file(request.model / "model.safetensors")
    assert record.hashes["model_out"] == sha256_file(request.out / "model" / "model.safetensors")
    assert record.hashes["public_encoder"] == load_segmenter(request.model).encoder.weights_hash
    assert record.parameters["counterfactual"] == 1
    assert record.parameters["pixels"] == 40
    assert "torch" in record.versions


def test_an_exact_run_does_not_depend_on_the_model_in_use(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], tmp_path: Path
) -> None:
    other = load_segmenter(change().model)
    other.head.weights[:] = 7.0
    save_segmenter(other, tmp_path / "other")
    one = finish(events(change("one"), Token()))
    two = finish(events(change("two", model=tmp_path / "other"), Token()))
    assert sha256_file(one.model / "model.safetensors") == sha256_file(two.model / "model.safetensors")


def test_the_second_certified_run_of_a_model_costs_more(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any]
) -> None:
    finish(events(change("exact"), Token()))
    first = finish(events(change("one", "residual-head"), Token()))
    second = finish(events(change("two", "gradient-clipping"), Token()))
    third = finish(events(change("three", "residual-head"), Token()))
    assert (first.epsilon, first.certificate["attempts"]) == (1.0, 1)
    assert second.certificate["attempts"] == 2
    assert third.certificate["attempts"] == 3
    mu = gaussian_dp.mu(1.0, 1e-5)
    assert second.epsilon == pytest.approx(gaussian_dp.epsilon(np.sqrt(2) * mu, 1e-5))
    assert third.epsilon == pytest.approx(gaussian_dp.epsilon(np.sqrt(3) * mu, 1e-5))
    assert verify_run(third.folder) == []


@pytest.mark.parametrize("operator", ["residual-head", "gradient-clipping"])
def test_noise_with_a_seed_is_never_certified(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], operator: str
) -> None:
    one, two = (finish(events(change(name, operator, noise_seed=3), Token())) for name in ("one", "two"))
    assert (one.tier, one.epsilon, one.delta) == ("empirical", None, None)
    record = read_certificate(one.folder)
    assert (record.tier, record.mechanism) == ("empirical", "none")
    assert "seed 3" in record.noise
    assert verify_run(one.folder) == []
    assert sha256_file(one.model / "model.safetensors") == sha256_file(two.model / "model.safetensors")


def test_certified_runs_are_never_the_same_twice(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any]
) -> None:
    one, two = (finish(events(change(name, "residual-head"), Token())) for name in ("one", "two"))
    assert sha256_file(one.model / "model.safetensors") != sha256_file(two.model / "model.safetensors")


def test_an_encoder_that_is_not_public_gets_no_certificate(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], failure: Callable[..., str], tmp_path: Path
) -> None:
    segmenter = load_segmenter(change().model)
    segmenter.encoder.card = dataclasses.replace(segmenter.encoder.card, public=False)
    save_segmenter(segmenter, tmp_path / "private")
    for operator in ("exact-refit", "residual-head", "gradient-clipping"):
        request = change(operator=operator, model=tmp_path / "private")
        assert "cannot be certified for this model" in failure(events(request, Token()))
        assert not request.out.exists()
    assert finish(events(change(operator="neggrad-seg", model=tmp_path / "private"), Token())).tier == "empirical"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"operator": "magic"}, "no operator 'magic'"),
        ({"settings": {"magic": 1}}, "exact-refit has no setting magic; it has strength, "),
        ({"settings": {"pixels": 3}}, "pixels must lie between 16 and 65536, not 3."),
        ({"settings": {"iterations": 2.5}}, "iterations must be a whole number, not 2.5."),
        ({"settings": {"iterations": float("inf")}}, "iterations must be a whole number, not inf."),
        ({"settings": {"strength": float("nan")}}, "strength must lie between 1e-08 and 10.0, not nan."),
        ({"counterfactual": -1}, "must not be negative, as -1 is."),
        ({"seed": -1}, "The seed must not be negative, as -1 is."),
        ({"operator": "residual-head", "epsilon": 0.0}, "epsilon above 0 and delta between 0 and 1, not 0.0 and"),
        ({"operator": "residual-head", "epsilon": float("nan")}, "epsilon above 0"),
        ({"operator": "residual-head", "epsilon": float("inf")}, "not inf and 1e-05"),
        ({"operator": "gradient-clipping", "delta": 1.0}, "delta between 0 and 1, not 1.0 and 1.0."),
        ({"operator": "gradient-clipping", "settings": {"decay": 100}}, "step_size * decay must be smaller than 1"),
        ({"operator": "gradient-clipping", "settings": {"initial_radius": 0}}, "initial_radius must"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"model": Path("nowhere")}, "nowhere is not a model folder"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], changes: dict[str, Any], sentence: str
) -> None:
    request = change(**changes)
    found = failure(events(request, Token()))
    assert sentence in found
    assert "unexpected" not in found
    assert not request.out.exists()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_folder_that_is_taken_is_refused_before_any_work(change: Callable[..., UnlearnRequest], kind: str) -> None:
    request = change()
    request.out.parent.mkdir()
    if kind == "file":
        request.out.write_text("mine")
    else:
        request.out.mkdir()
        (request.out / "mine").write_text("mine")
    (only,) = events(request, Token())
    assert isinstance(only, Failed)
    assert only.sentence.endswith("exists already; choose a new folder for the run.")


def test_a_model_for_other_classes_is_refused(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], sample: Dataset, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(sample.root, tmp_path / "copy"))
    settings = copy / "dataset.toml"
    settings.write_text(settings.read_text().replace('"malignant"]', '"malignant", "other"]'))
    assert "knows 3 classes, but" in failure(events(change(dataset=copy), Token()))


@pytest.mark.parametrize("after", [0, 1, 10, -1])
@pytest.mark.parametrize("operator", SMALL)
def test_cancelling_leaves_nothing_behind(
    change: Callable[..., UnlearnRequest], operator: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How often a run is looked at on its way depends on the clock; the number of events must not.
    monkeypatch.setattr(trajectory, "SHARE", 0.0)
    monkeypatch.setattr(trajectory, "HEAD_START", 0.0)
    request = change(operator=operator, noise_seed=0)
    before = digests(request.model)
    if after < 0:  # at the very last event before the run is written
        count = len(list(events(dataclasses.replace(request, out=request.out.parent / "whole"), Token())))
        shutil.rmtree(request.out.parent)
        after = count - 2
    token, told = Token(), []
    for event in events(request, token):
        told.append(event)
        if len(told) == after + 1:
            token.cancel()
    assert isinstance(told[-1], Cancelled)
    assert len(told) == after + 2
    assert not request.out.parent.exists() or not list(request.out.parent.iterdir())
    assert digests(request.model) == before


def test_a_run_that_is_given_up_leaves_nothing_behind(change: Callable[..., UnlearnRequest]) -> None:
    request = change()
    running = events(request, Token())
    for event in running:
        if isinstance(event, Metric):
            break
    running.close()  # type: ignore[attr-defined]
    assert not request.out.parent.exists()


@pytest.mark.parametrize("step", ["atomic_write", "atomic_json"])
def test_a_full_disk_leaves_nothing_behind(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, step, full)
    request = change()
    assert failure(events(request, Token())) == "The disk is full."
    assert list(request.out.parent.iterdir()) == []


class Scripted:
    """An operator that plays back what it was given."""

    def __init__(self, *items: Step | Revision) -> None:
        self.items = items

    def steps(self, *_: object) -> Iterator[Step | Revision]:
        yield from self.items


def test_a_curve_that_overflows_leaves_readable_files(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = change(operator="neggrad-seg")
    weights = load_segmenter(request.model).head.weights + 1
    steps = [Step(i, 3, "Working", {"loss": value}) for i, value in enumerate((1.0, float("inf"), float("nan")))]
    monkeypatch.setattr(module, "load", lambda _: Scripted(*steps, Revision(weights)))
    finish(events(request, Token()))

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    lines = (request.out / "events.jsonl").read_text().splitlines()
    values = [json.loads(line, parse_constant=refuse).get("value") for line in lines if '"metric"' in line]
    assert values == [1.0, None, None]


def test_a_head_that_is_not_finite_is_never_saved(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = change(operator="neggrad-seg")
    broken = np.full_like(load_segmenter(request.model).head.weights, np.nan)
    monkeypatch.setattr(module, "load", lambda _: Scripted(Revision(broken)))
    assert "not finite" in failure(events(request, Token()))
    assert not request.out.exists()


def test_progress_is_told_before_anything_slow_happens(change: Callable[..., UnlearnRequest]) -> None:
    running = events(change(), Token())
    assert next(running) == Progress(0, 0, "Loading the model")
    running.close()  # type: ignore[attr-defined]


@pytest.fixture
def noisy(sample: Dataset, encoder_file: Path, tmp_path: Path, finish: Callable[..., Any]) -> Path:
    """A model whose head was trained by noisy gradient descent."""
    request = TrainRequest(sample.root, tmp_path / "noisy", "coarse", str(encoder_file), device="cpu", method="pnsgd")
    finish(training(dataclasses.replace(request, strength=0.1), Token()))
    return request.out


def test_noisy_training_goes_on_again_and_again(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], noisy: Path
) -> None:
    request = change(operator="pnsgd", model=noisy)
    result = finish(events(request, Token()))
    assert verify_run(request.out) == []
    assert (result.epsilon, result.delta, result.tier) == (1.0, 1e-5, "certified")
    record = read_certificate(request.out)
    assert "All 12 images count as changed: any of their labels may be forgotten." in {
        assumption.sentence for assumption in record.assumptions
    }
    again = change("second", "pnsgd", model=result.model)
    finish(events(again, Token()))
    assert verify_run(again.out) == []
    second = read_certificate(again.out).parameters
    assert second["earlier_distance"] == record.parameters["distance"] > 0
    assert second["earlier_epochs"] == record.parameters["epochs"]


def test_what_another_operator_made_of_a_noisy_head_is_none_any_more(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], failure: Callable[..., str], noisy: Path
) -> None:
    assert load_segmenter(noisy).card.bounded is not None
    refitted = finish(events(change(model=noisy), Token()))
    assert load_segmenter(refitted.model).card.bounded is None
    found = failure(events(change("second", "pnsgd", model=refitted.model), Token()))
    assert found.startswith("This head was not trained with --method pnsgd,")


@pytest.mark.parametrize(("operator", "method"), [("pnsgd", "pnsgd"), ("newton-step", "bounded")])
def test_a_head_trained_otherwise_is_refused_in_one_sentence(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], operator: str, method: str
) -> None:
    request = change(operator=operator)
    assert failure(events(request, Token())) == (
        f"This head was not trained with --method {method}, on which the guarantee of this operator rests; train it "
        f"again with napari-unlearn train --method {method}, or choose another operator."
    )
    assert not request.out.exists()


def test_noisy_training_goes_on_with_composed_cases_and_without_them_again(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], noisy: Path
) -> None:
    request = change(operator="pnsgd", model=noisy, counterfactual=2)
    result = finish(events(request, Token()))
    assert verify_run(request.out) == []
    numbers = read_certificate(request.out).parameters
    assert (numbers["composed"], numbers["images"], numbers["n"]) == (12, 12, 30)
    again = change("second", "pnsgd", model=result.model)
    finish(events(again, Token()))
    assert verify_run(again.out) == []
    second = read_certificate(again.out).parameters
    assert (second["composed"], second["n"]) == (0, 20)
    assert second["earlier_distance"] == numbers["distance"]
    # Of other labels other cases would have been composed.
    assert (numbers["any_start"], second["any_start"], second["distance"]) == (0, 1, 2 * second["projection_radius"])


@pytest.mark.parametrize("keep_coarse", [False, True])
def test_noisy_training_goes_on_without_withdrawn_cases_and_later_requests_leave_them_out(
    change: Callable[..., UnlearnRequest],
    finish: Callable[..., Any],
    noisy: Path,
    sample: Dataset,
    keep_coarse: bool,
) -> None:
    case = sample.split("train")[3]
    request = change(operator="pnsgd", model=noisy, forget_cases=f"id = {case.id}", keep_coarse=keep_coarse)
    result = finish(events(request, Token()))
    assert verify_run(request.out) == []
    record = read_certificate(request.out)
    numbers = record.parameters
    assert (numbers["images"], numbers["any_start"], numbers["distance"]) == (11, 1, 2 * numbers["projection_radius"])
    assert any(a.sentence.startswith("Nothing is assumed of how the head was trained") for a in record.assumptions)
    again = change("second", "pnsgd", model=result.model)
    finish(events(again, Token()))
    assert verify_run(again.out) == []
    second = read_certificate(again.out).parameters
    assert (second["images"], second["any_start"], second["left_out_cases"]) == (11, 0, 1)
    assert second["feature_radius"] == numbers["feature_radius"]


def test_a_newton_step_forgets_no_whole_cases_and_says_what_does(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], sample: Dataset
) -> None:
    request = change(operator="newton-step", forget_cases=f"id = {sample.split('train')[3].id}")
    assert failure(events(request, Token())) == (
        "This operator starts from a minimum on features that were whitened with all training images, so it cannot "
        "forget whole cases; choose another one, such as exact-refit, residual-head or pnsgd."
    )


@pytest.fixture
def nearly_fine(sample: Dataset, tmp_path: Path) -> Path:
    """A data set in which every case is refined and one fine mask leaves out a few pixels of the coarse one."""
    root = shutil.copytree(sample.root, tmp_path / "nearly")
    for case in sample.split("train"):
        fine = case.coarse().copy()
        if case.id == sample.split("train")[0].id:
            rows, columns = np.nonzero(fine)
            fine[rows[:25], columns[:25]] = 0
        Image.fromarray(fine).save(root / "fine" / f"{case.id}.png")
    return root


def test_a_newton_step_runs_where_its_bound_is_good_and_is_refused_where_not(
    change: Callable[..., UnlearnRequest],
    finish: Callable[..., Any],
    failure: Callable[..., str],
    sample: Dataset,
    nearly_fine: Path,
    encoder_file: Path,
    tmp_path: Path,
) -> None:
    model = tmp_path / "bounded"
    request = TrainRequest(nearly_fine, model, "coarse", str(encoder_file), device="cpu", method="bounded")
    finish(training(dataclasses.replace(request, strength=10.0), Token()))
    run = change(operator="newton-step", model=model, dataset=nearly_fine)
    finish(events(run, Token()))
    assert verify_run(run.out) == []
    assert 0 < read_certificate(run.out).parameters["removed_pixels"] <= 25
    # The same images and coarse masks, with half of the cases unrefined: too much to forget.
    found = failure(events(change("other", "newton-step", model=model, dataset=sample.root), Token()))
    assert "drawn pixels are to be forgotten at strength 10, which needs noise of length" in found


@pytest.fixture
def few_shipped(tmp_path: Path) -> Path:
    """The refined training cases of the shipped sample and as many others, as a data set of their own."""
    shipped, root = Path(__file__).parents[2] / "sample_data" / "dataset", tmp_path / "few"
    cases = open_dataset(shipped).split("train")
    refined = [case for case in cases if case.is_refined]
    chosen = {case.id for case in [*refined, *[case for case in cases if not case.is_refined][: len(refined)]]}
    for kind in ("images", "coarse", "fine"):
        (root / kind).mkdir(parents=True)
        for path in (shipped / kind).iterdir():
            if path.stem in chosen:
                shutil.copy(path, root / kind)
    header, *rows = (shipped / "metadata.csv").read_text().splitlines()
    (root / "metadata.csv").write_text("\n".join([header, *(row for row in rows if row.split(",")[0] in chosen)]))
    shutil.copy(shipped / "dataset.toml", root)
    return root


def test_noisy_training_goes_on_with_the_shipped_sample(
    finish: Callable[..., Any], few_shipped: Path, tmp_path: Path
) -> None:
    model, out = tmp_path / "noisy", tmp_path / "run"
    encoder = str(Path(__file__).parents[2] / "sample_data" / "encoder.safetensors")
    request = TrainRequest(few_shipped, model, "coarse", encoder, size=64, device="cpu", method="pnsgd")
    finish(training(dataclasses.replace(request, strength=0.1), Token()))
    result = finish(events(UnlearnRequest(few_shipped, model, out, "pnsgd", device="cpu"), Token()))
    assert verify_run(out) == []
    losses = json.loads((out / "metrics.json").read_text())["retain_loss"]
    assert losses["after"] < losses["before"]
    assert result.certificate["parameters"]["images"] == 12


FAILURES = {
    # Published: a climb without bound, here without its stop, and noise that nothing is learned after.
    "gradient-ascent": {"largest_drop": 1.0, "learning_rate": 0.01, "steps": 100},
    "gradient-clipping": {"finetune": 0},
}


def test_where_published_operators_collapse_the_watch_says_so_and_the_first_two_tiers_do_not(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any]
) -> None:
    results = {
        operator: finish(events(change(operator, operator, epsilon=0.1, settings=FAILURES.get(operator, {})), Token()))
        for operator in (*FAILURES, "exact-refit", "residual-head")
    }
    ascent, noisy = results["gradient-ascent"], results["gradient-clipping"]
    assert ascent.stopped.startswith("Gradient ascent was collapsing and was stopped: ")
    assert "The noise for epsilon 0.1 drowned what it knew" in noisy.stopped
    assert [results[name].stopped for name in ("exact-refit", "residual-head")] == [None, None]
    # What is left of the failed climb is a state from before; no guarantee changes.
    assert (ascent.tier, noisy.tier, noisy.epsilon) == ("empirical", "certified", 0.1)
    for result in results.values():
        assert verify_run(result.folder) == []
        metrics = json.loads((result.folder / "metrics.json").read_text())
        assert (metrics["stopped"], result.to_json()["stopped"]) == (result.stopped, result.stopped)
    # The loss of what is kept tells the failure and its cure side by side.
    loss = {
        name: json.loads((result.folder / "metrics.json").read_text())["retain_loss"]["after"]
        for name, result in results.items()
    }
    assert max(loss["exact-refit"], loss["residual-head"]) < 0.5 * min(loss["gradient-ascent"], loss[noisy.operator])
    checked = [a["checked"] for a in ascent.certificate["assumptions"]]
    assert ascent.stopped in checked
    assert noisy.stopped not in [a["checked"] for a in noisy.certificate["assumptions"]]


def test_a_run_without_a_good_state_fails_and_writes_nothing(
    change: Callable[..., UnlearnRequest], failure: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = change(operator="gradient-ascent")
    ruined = np.zeros_like(load_segmenter(request.model).head.weights)
    ruined[1, -1] = 1e4
    monkeypatch.setattr(module, "load", lambda _: Scripted(Step(1, 2, "Climbing", {}, ruined), Revision(ruined)))
    assert "found no good state beside the model in use" in failure(events(request, Token()))
    assert not request.out.exists()


@pytest.fixture
def criterion(sample: Dataset) -> str:
    """Picks one refined and one unrefined training case."""
    train = sample.split("train")
    refined = next(case for case in train[1:] if case.is_refined)
    unrefined = next(case for case in train if not case.is_refined)
    return f"id = {refined.id} or id = {unrefined.id}"


@pytest.fixture
def without_them(sample: Dataset, criterion: str, encoder_file: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The sample as if the cases that fit had never been in it, and a model that was trained on it."""
    gone = criterion.replace("id = ", "").split(" or ")
    folder = shutil.copytree(sample.root, tmp_path / "without")
    for file in folder.rglob("*"):
        if file.stem in gone:
            file.unlink()
    table = folder / "metadata.csv"
    kept = [line for line in table.read_text().splitlines(keepends=True) if line.split(",")[0] not in gone]
    table.write_text("".join(kept))
    out = tmp_path / "model-without"
    *_, last = training(TrainRequest(folder, out, encoder=str(encoder_file), device="cpu"), Token())
    assert not isinstance(last, Failed), last
    return folder, out


class TestForgettingWholeCases:
    @pytest.mark.parametrize("keep_coarse", [False, True])
    @pytest.mark.parametrize("swaps", [0, 1])
    def test_exact_refit_gives_the_model_of_a_data_set_in_which_they_never_were(
        self,
        change: Callable[..., UnlearnRequest],
        finish: Callable[..., Any],
        without_them: tuple[Path, Path],
        criterion: str,
        swaps: int,
        keep_coarse: bool,
    ) -> None:
        request = change(forget_cases=criterion, counterfactual=swaps, keep_coarse=keep_coarse)
        result = finish(events(request, Token()))
        dataset, model = without_them
        if keep_coarse:
            # Coarse labels are kept only where cases are withdrawn, so a case is added that is withdrawn again.
            extra = "extra"
            first = open_dataset(dataset).split("train")[0]
            for file in (first.image_path, first.coarse_path):
                assert file is not None
                shutil.copy(file, file.with_stem(extra))
            with (dataset / "metadata.csv").open("a") as table:
                table.write(",".join([extra, "train", first.diagnosis or ""]) + "\n")
        never = change(
            "never",
            dataset=dataset,
            model=model,
            counterfactual=swaps,
            forget_cases="id = extra" if keep_coarse else None,
            keep_coarse=keep_coarse,
        )
        reference = finish(events(never, Token()))
        one, other = (load_segmenter(run.model) for run in (result, reference))
        assert np.array_equal(one.head.standardiser.mean, other.head.standardiser.mean)
        assert np.array_equal(one.head.standardiser.std, other.head.standardiser.std)
        assert np.array_equal(one.head.weights, other.head.weights)
        assert one.card == dataclasses.replace(other.card, trained_on=one.card.trained_on)
        hashes = [read_certificate(run.folder).hashes["retain_masks"] for run in (result, reference)]
        assert hashes[0] == hashes[1]

    @pytest.mark.parametrize("operator", OF_ANY_HEAD, ids=lambda operator: operator.name)
    def test_every_operator_of_a_head_forgets_them(
        self, change: Callable[..., UnlearnRequest], finish: Callable[..., Any], criterion: str, operator: Any
    ) -> None:
        # One step would not bring this one to its bound.
        settings = {} if operator.name == "residual-head" else short(operator)
        request = change(operator=operator.name, settings=settings, forget_cases=criterion)
        result = finish(events(request, Token()))
        assert verify_run(request.out) == []
        assert result.tier == operator.tier
        record = read_certificate(request.out)
        (about,) = [a for a in record.assumptions if criterion in a.checked]
        assert record.hashes["forgotten_cases"] in about.checked
        assert about.sentence.startswith("Labels and images" if result.tier == "empirical" else "The guarantee covers")
        assert (record.parameters["forgotten_cases"], record.parameters["keep_coarse"]) == (2, 0)

    def test_a_unet_forgets_them(
        self, change: Callable[..., UnlearnRequest], finish: Callable[..., Any], unet: Path, criterion: str
    ) -> None:
        request = change(model=unet, settings={"iterations": 1}, forget_cases=criterion, keep_coarse=True)
        finish(events(request, Token()))
        assert verify_run(request.out) == []
        sentences = [assumption.sentence for assumption in read_certificate(request.out).assumptions]
        assert any(sentence.startswith("Coarse labels of the cases that are left were kept") for sentence in sentences)
        assert not any(sentence.startswith("No label that only a coarse mask gives") for sentence in sentences)

    def test_their_cached_features_are_dropped_and_no_others(
        self,
        change: Callable[..., UnlearnRequest],
        finish: Callable[..., Any],
        sample: Dataset,
        criterion: str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("NAPARI_UNLEARN_CACHE", str(tmp_path / "cache"))
        finish(events(change("before"), Token()))
        kept = set((tmp_path / "cache").rglob("*.safetensors"))
        assert len(kept) == 12
        request = change("after", forget_cases=criterion)
        finish(events(request, Token()))
        assert len(kept - set((tmp_path / "cache").rglob("*.safetensors"))) == 2
        assert json.loads((request.out / "metrics.json").read_text())["dropped_maps"] == 2

    def test_a_run_that_fails_leaves_the_cache_alone(
        self,
        change: Callable[..., UnlearnRequest],
        finish: Callable[..., Any],
        failure: Callable[..., str],
        criterion: str,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        monkeypatch.setenv("NAPARI_UNLEARN_CACHE", str(tmp_path / "cache"))
        finish(events(change("before"), Token()))
        request = change("after", forget_cases=f"{criterion} or diagnosis = malignant")
        assert "so the model would forget it altogether" in failure(events(request, Token()))
        assert len(list((tmp_path / "cache").rglob("*.safetensors"))) == 12

    def test_a_later_run_of_the_model_leaves_them_out_without_being_told(
        self,
        change: Callable[..., UnlearnRequest],
        finish: Callable[..., Any],
        without_them: tuple[Path, Path],
        criterion: str,
    ) -> None:
        first = finish(events(change(forget_cases=criterion), Token()))
        told = list(events(change("second", model=first.model), Token()))
        notes = [event.sentence for event in told if isinstance(event, Note)]
        assert notes == ["2 of 12 training cases were forgotten whole by earlier runs and took no part."]
        second = finish(told)
        dataset, model = without_them
        never = finish(events(change("never", dataset=dataset, model=model), Token()))
        one, other = (load_segmenter(run.model) for run in (second, never))
        assert np.array_equal(one.head.weights, other.head.weights)
        assert (second.left_out_cases, never.left_out_cases, first.left_out_cases) == (2, 0, 0)
        assert second.retain_pixels == never.retain_pixels
        assert load_segmenter(first.model).card.withdrawn == one.card.withdrawn
        assert len(one.card.withdrawn) == 2
        assert verify_run(second.folder) == []
        (about,) = [a for a in read_certificate(second.folder).assumptions if "before this run" in a.sentence]
        assert about.checked.startswith("The ids of 2 training cases have digests")

    def test_what_is_withdrawn_later_is_remembered_beside_what_was_before(
        self, change: Callable[..., UnlearnRequest], finish: Callable[..., Any], sample: Dataset, criterion: str
    ) -> None:
        first = finish(events(change(forget_cases=criterion), Token()))
        third = next(case.id for case in sample.split("train") if case.id not in criterion)
        second = finish(events(change("second", model=first.model, forget_cases=f"id = {third}"), Token()))
        again = finish(events(change("again", model=first.model, forget_cases=criterion), Token()))
        old, new = (set(load_segmenter(run.model).card.withdrawn) for run in (first, second))
        assert old < new
        assert len(new) == 3
        assert set(load_segmenter(again.model).card.withdrawn) == old
        assert np.array_equal(
            load_segmenter(again.model).head.weights,
            load_segmenter(first.model).head.weights,
        )

    def test_a_unet_remembers_them(
        self, change: Callable[..., UnlearnRequest], finish: Callable[..., Any], unet: Path, criterion: str
    ) -> None:
        settings = {"iterations": 1}
        first = finish(events(change(model=unet, settings=settings, forget_cases=criterion), Token()))
        second = finish(events(change("second", model=first.model, settings=settings), Token()))
        assert second.left_out_cases == 2
        assert len(load_segmenter(second.model).card.withdrawn) == 2
        assert second.retain_pixels == first.retain_pixels

    def test_keeping_coarse_labels_needs_cases_to_forget(
        self, change: Callable[..., UnlearnRequest], failure: Callable[..., str]
    ) -> None:
        assert "say which with --forget-cases" in failure(events(change(keep_coarse=True), Token()))


@pytest.mark.parametrize("operator", ["exact-refit", "neggrad-seg"])
def test_a_run_that_is_stopped_by_hand_is_a_valid_run_of_its_last_good_state(
    change: Callable[..., UnlearnRequest], operator: str
) -> None:
    token, request = Token(), change(operator=operator)
    told = []
    for event in events(request, token):
        told.append(event)
        if isinstance(event, Progress) and event.keep:
            token.stop()
    assert [event for event in told if isinstance(event, Progress)][-1].keep
    result = told[-1].result
    assert verify_run(request.out) == []
    assert "stopped by hand" in result.stopped
    chosen = "Nothing that forgotten labels tell had a part in when the run was stopped."
    said = [assumption["sentence"] for assumption in result.certificate["assumptions"]]
    assert (chosen in said) == (operator == "exact-refit")
    assert result.tier == info(operator).tier
    assert json.loads((request.out / "metrics.json").read_text())["stopped"] == result.stopped


def test_a_certified_run_has_no_state_to_stop_with(change: Callable[..., UnlearnRequest]) -> None:
    token, request = Token(), change(operator="gradient-clipping")
    token.stop()
    told = list(events(request, token))
    assert not any(event.keep for event in told if isinstance(event, Progress))
    assert "by hand" not in (told[-1].result.stopped or "")


def test_excluded_cases_take_no_part_and_the_run_says_how_many(
    change: Callable[..., UnlearnRequest], finish: Callable[..., Any], sample: Dataset, tmp_path: Path
) -> None:
    gone = [case.id for case in sample.split("train")][:2]
    roots = [Path(shutil.copytree(sample.root, tmp_path / name)) for name in ("excluded", "never")]
    for case_id in gone:
        CaseNotes(roots[0] / "unlearn-runs").exclude(case_id, "duplicate")
    table = roots[1] / "metadata.csv"
    lines = [line for line in table.read_text().splitlines(True) if line.split(",")[0] not in gone]
    table.write_text("".join(lines))
    for case_id in gone:
        for path in roots[1].glob(f"*/{case_id}.*"):
            path.unlink()
    told = list(events(change("one", dataset=roots[0]), Token()))
    one, other = told[-1].result, finish(events(change("other", dataset=roots[1]), Token()))
    assert Note("2 of 12 training cases were excluded by hand and took no part.") in told
    weights = [load_segmenter(run.model).head.weights for run in (one, other)]
    assert np.array_equal(*weights)
    counts = [json.loads((run.folder / "metrics.json").read_text())["excluded_cases"] for run in (one, other)]
    assert counts == [2, 0]
    said = ["excluded by hand teach nothing" in json.dumps(run.certificate) for run in (one, other)]
    assert said == [True, False]
    assert verify_run(one.folder) == []
