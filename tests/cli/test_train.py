"""Training from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models import unet_training
from napari_unlearn.models.checkpoint import load_segmenter


def test_json_tells_what_was_trained(
    told: Callable[..., dict[str, Any]], sample: Dataset, encoder_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    options = ("--encoder", encoder_file, "--masks", "fine", "--size", 32, "--seed", 4, "--device", "cpu")
    result = told("train", sample.root, "--out", out, *options)
    assert result.keys() == {"model", "encoder", "cases", "loss", "seconds"}
    assert result["model"] == str(out)
    card = load_segmenter(out).card
    assert (card.masks, card.size, card.seed) == ("fine", 32, 4)


@pytest.mark.parametrize("trainable", ["decoder", "all"])
def test_more_than_a_head_can_be_trained(
    told: Callable[..., dict[str, Any]],
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    sample: Dataset,
    encoder_file: Path,
    tmp_path: Path,
    trainable: str,
) -> None:
    monkeypatch.setattr(unet_training, "UnetRecipe", partial(unet_training.UnetRecipe, passes=1))
    out = tmp_path / "model"
    options = ("--encoder", encoder_file, "--trainable", trainable, "--device", "cpu")
    assert told("train", sample.root, "--out", out, *options)["cases"] == 12
    assert load_segmenter(out).card.trainable == trainable
    sentence = refused("unlearn", sample.root, out, "--out", tmp_path / "run", "--operator", "residual-head")
    assert "rests on a convex objective" in sentence
    assert not (tmp_path / "run").exists()


def test_people_see_a_sentence(
    type_: Callable[..., Result], sample: Dataset, encoder_file: Path, tmp_path: Path
) -> None:
    result = type_("train", sample.root, "--out", tmp_path / "model", "--encoder", encoder_file)
    assert result.exit_code == 0
    assert result.stdout.startswith("Trained on the coarse masks of 12 cases in ")
    assert "Encoder: tu-test_efficientnet" in result.stderr


def test_a_failure_is_one_sentence(refused: Callable[..., str], sample: Dataset, tmp_path: Path) -> None:
    sentence = refused("train", sample.root, "--out", tmp_path / "model", "--masks", "medium")
    assert sentence.startswith("There are no 'medium' masks; choose coarse or fine.")
    assert not (tmp_path / "model").exists()


def test_a_model_is_replaced_only_with_the_flag(
    told: Callable[..., Any], refused: Callable[..., str], sample: Dataset, encoder_file: Path, tmp_path: Path
) -> None:
    command = ("train", sample.root, "--out", tmp_path / "model", "--encoder", encoder_file, "--size", "32")
    told(*command)
    assert "choose a new folder, or replace it with --overwrite." in refused(*command)
    told(*command, "--overwrite", "--seed", "2")
    assert load_segmenter(tmp_path / "model").card.seed == 2


def test_a_head_can_be_trained_for_an_operator(
    type_: Callable[..., Any], sample: Dataset, encoder_file: Path, tmp_path: Path
) -> None:
    options = ("--encoder", encoder_file, "--method", "bounded", "--strength", "0.5", "--json")
    assert type_("train", sample.root, "--out", tmp_path / "model", *options).exit_code == 0
    record = json.loads((tmp_path / "model" / "model.json").read_text())["model"]["bounded"]
    assert (record["strong_convexity"], record["steps"]) == (0.5, None)
