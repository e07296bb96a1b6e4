"""Training from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from napari_unlearn.data.dataset import Dataset
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
