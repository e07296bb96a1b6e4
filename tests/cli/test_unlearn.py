"""Unlearning from the command line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from napari_unlearn.cli.unlearn import guarantee
from napari_unlearn.data.dataset import Dataset
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import TrainRequest
from napari_unlearn.jobs.train import events as training
from napari_unlearn.models import unet_training
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators.registry import available, info

KEYS = {"operator", "tier", "epsilon", "delta", "seconds", "model", "retain_pixels", "forget_pixels"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ("exact-refit", "exact", 0, 0)),
        ("--operator residual-head --epsilon 2 --delta 1e-6", ("residual-head", "certified", 2, 1e-6)),
        ("--operator neggrad-seg --setting steps=3", ("neggrad-seg", "empirical", None, None)),
    ],
)
def test_json_tells_what_was_guaranteed(
    told: Callable[..., dict[str, Any]],
    sample: Dataset,
    model: Path,
    tmp_path: Path,
    options: str,
    expected: tuple[Any, ...],
) -> None:
    result = told("unlearn", sample.root, model, "--out", tmp_path / "run", "--setting", "pixels=40", *options.split())
    assert result.keys() >= KEYS
    assert tuple(result[key] for key in ("operator", "tier", "epsilon", "delta")) == expected
    assert result["model"] == str(tmp_path / "run" / "model")
    assert verify_run(tmp_path / "run") == []


def test_every_option_arrives(
    told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = "--counterfactual 1 --setting swap_pixels=20 --setting strength=0.01 --seed 3 --device cpu"
    told("unlearn", sample.root, model, "--out", tmp_path / "run", *options.split())
    numbers = read_certificate(tmp_path / "run").parameters
    assert (numbers["counterfactual"], numbers["swap_pixels"], numbers["strength"]) == (1, 20, 0.01)


def test_people_see_where_everything_is(
    type_: Callable[..., Result], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    result = type_("unlearn", sample.root, model, "--out", tmp_path / "run")
    assert result.exit_code == 0
    assert result.stdout.startswith("exact-refit (exact) in ")
    assert str(tmp_path / "run" / "certificate.json") in result.stdout


def test_a_run_with_noise_that_can_be_repeated_is_stamped(
    type_: Callable[..., Result], told: Callable[..., dict[str, Any]], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = ["--operator", "residual-head", "--noise-seed", "3", "--setting", "pixels=40", "--device", "cpu"]
    stamp = "not certified: the noise can be repeated (fixed seed 3, for tests), so the run is a test"
    result = type_("unlearn", sample.root, model, "--out", tmp_path / "run", *options)
    assert result.exit_code == 0, result.stderr
    assert f"residual-head ({stamp}) in " in result.stdout.replace("\n", " ")
    assert f'"status": "{stamp}"' in (tmp_path / "run" / "certificate.json").read_text()
    assert type_("verify", tmp_path / "run").stdout == f"Valid: residual-head, {stamp}.\n"
    result = told("unlearn", sample.root, model, "--out", tmp_path / "other", *options)
    assert (result["status"], result["tier"], result["epsilon"]) == (stamp, "empirical", None)


def test_the_same_recipe_from_the_public_start_stands_beside_a_ball(
    type_: Callable[..., Result], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    options = ("--out", tmp_path / "run", "--operator", "gradient-clipping", "--device", "cpu", "--setting", "steps=3")
    result = type_("unlearn", sample.root, model, *options)
    assert result.exit_code == 0, result.stderr
    assert "by the same steps from the public start" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--operator magic", "There is no operator 'magic'"),
        ("--setting magic=1", "has no setting magic"),
        ("--operator residual-head --epsilon -1", "A certificate needs epsilon above 0"),
        ("--device tpu", "There is no device 'tpu'"),
    ],
)
def test_a_failure_is_one_sentence(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path, options: str, words: str
) -> None:
    sentence = refused("unlearn", sample.root, model, "--out", tmp_path / "run", "--json", *options.split())
    assert words in sentence
    assert not (tmp_path / "run").exists()


def test_a_run_is_never_overwritten(refused: Callable[..., str], sample: Dataset, model: Path, run: Path) -> None:
    sentence = refused("unlearn", sample.root, model, "--out", run)
    assert f"{run} exists already; choose a new folder for the run." in sentence
    assert verify_run(run) == []


def test_guarantees_in_words() -> None:
    assert guarantee("exact", 0.0, 0.0) == "exact"
    assert guarantee("certified", 1.4567, 1e-5) == "certified, epsilon 1.46, delta 1e-05"
    assert guarantee("empirical", None, None) == "empirical, no guarantee"
    assert guarantee("empirical", None, None, "empirical: x") == "empirical, no guarantee"
    assert guarantee("empirical", None, None, "not certified: a test") == "not certified: a test"


def test_whole_cases_are_forgotten_by_what_the_table_says(
    type_: Callable[..., Result], sample: Dataset, model: Path, tmp_path: Path
) -> None:
    case = sample.split("train")[0]
    criterion = f"id = {case.id}"
    arguments = ("unlearn", sample.root, model, "--out", tmp_path / "run", "--setting", "pixels=40", "--keep-coarse")
    result = type_(*arguments, "--forget-cases", criterion)
    assert result.exit_code == 0, result.stderr
    assert "Forgot 1 whole cases and dropped 1 files of their cached features." in result.stdout
    record = read_certificate(tmp_path / "run")
    assert (record.parameters["forgotten_cases"], record.parameters["keep_coarse"]) == (1, 1)
    assert any(f"1 training cases fit '{criterion}'" in assumption.checked for assumption in record.assumptions)
    assert verify_run(tmp_path / "run") == []
    again = type_("unlearn", sample.root, tmp_path / "run" / "model", "--out", tmp_path / "again")
    assert again.exit_code == 0, again.stderr
    assert "Left out 1 training cases that earlier runs of this model forgot whole." in again.stdout


COMPARATORS = ("neggrad-seg", "boundary-seg", "newton-lca", "smoothed-gradient", "fine-tune", "retrain",
               "gradient-ascent", "random-label", "scrub", "salun")  # fmt: skip
SHORT = {"steps": 1, "newton_steps": 1, "averages": 1, "depth": 1, "gradient_draws": 1, "search_steps": 1,
         "relabelled_batches": 1, "learning_rate": 1e-6, "step_size": 1e-6}  # fmt: skip


@pytest.fixture(scope="module")
def few(encoder_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data set of four refined cases, and a U-Net on a frozen encoder that was trained on it at 32 pixels."""
    root = tmp_path_factory.mktemp("few")
    write_sample(root / "data", cases=4, size=64, fine=1.0, seed=3)
    request = TrainRequest(
        root / "data", root / "unet", encoder=str(encoder_file), trainable="decoder", size=32, device="cpu"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unet_training, "UnetRecipe", partial(unet_training.UnetRecipe, passes=1))
        *_, last = training(request, Token())
    assert isinstance(last, Done), last
    return root / "data", root / "unet"


@pytest.mark.parametrize("operator", COMPARATORS)
def test_every_empirical_operator_revises_a_trained_unet(
    told: Callable[..., dict[str, Any]], few: tuple[Path, Path], tmp_path: Path, operator: str
) -> None:
    # So short and gentle that nothing can collapse; whether one forgets is tested where it is made.
    known = info(operator).parameters
    numbers = [f"--setting={name}={value}" for name, value in SHORT.items() if name in known]
    out = tmp_path / "run"
    made = told(
        "unlearn", *few, "--out", out, "--operator", operator, "--device", "cpu", "--counterfactual", 1, *numbers
    )
    assert (made["operator"], made["tier"], made["epsilon"], made["delta"]) == (operator, "empirical", None, None)
    assert verify_run(out) == []
    before, after = load_segmenter(few[1]), load_segmenter(out / "model")
    assert isinstance(after, UnetSegmenter)
    assert after.card.masks == "unlearned"
    assert not np.array_equal(weights_of(after.network), weights_of(before.network))


def test_the_list_of_empirical_operators_is_complete() -> None:
    assert set(COMPARATORS) == {operator.name for operator in available() if operator.tier == "empirical"}


@pytest.mark.parametrize("operator", ["pnsgd", "newton-step"])
def test_an_operator_that_needs_a_convex_head_refuses_a_unet_in_one_sentence(
    refused: Callable[..., str], few: tuple[Path, Path], tmp_path: Path, operator: str
) -> None:
    sentence = refused("unlearn", *few, "--out", tmp_path / "run", "--operator", operator, "--device", "cpu")
    assert "rests on a convex objective" in sentence
    assert not (tmp_path / "run").exists()


def test_a_unet_that_collapses_is_refused_in_one_sentence_and_nothing_is_written(
    refused: Callable[..., str], few: tuple[Path, Path], tmp_path: Path
) -> None:
    options = (
        "--operator",
        "gradient-ascent",
        "--device",
        "cpu",
        "--setting",
        "learning_rate=1",
        "--setting",
        "steps=40",
    )
    assert "found no good state beside the model in use" in refused(
        "unlearn", *few, "--out", tmp_path / "run", *options
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("criterion", "sentence"),
    [
        ("site = Vienna", "No case fits 'site = Vienna'"),
        ("split = train", "No training case with a coarse mask is left"),
        ("diagnosis = malignant", "No refined case that is left shows malignant"),
        ("Vienna", "is no condition"),
    ],
)
def test_a_criterion_that_cannot_be_followed_is_refused(
    refused: Callable[..., str], sample: Dataset, model: Path, tmp_path: Path, criterion: str, sentence: str
) -> None:
    run = tmp_path / "run"
    assert sentence in refused("unlearn", sample.root, model, "--out", run, "--forget-cases", criterion)
    assert not run.exists()
