"""Folders to hand on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.export import export_model
from napari_unlearn.jobs.run_folder import read_certificate, verify_run
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask


def test_an_exported_run_verifies_and_predicts_as_before(run: Path, sample: Dataset, tmp_path: Path) -> None:
    exported = export_model(run, tmp_path / "out")
    assert exported == tmp_path / "out" / "model"
    assert verify_run(tmp_path / "out") == []
    assert read_certificate(tmp_path / "out") == read_certificate(run)
    one, other = load_segmenter(run / "model"), load_segmenter(exported)
    for case in sample.cases[:3]:
        np.testing.assert_array_equal(predict_mask(one, case.image()), predict_mask(other, case.image()))


def test_what_is_exported_is_checked_like_a_run(run: Path, tmp_path: Path) -> None:
    export_model(run, tmp_path / "out")
    card = tmp_path / "out" / "model" / "model.json"
    card.write_text(card.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert verify_run(tmp_path / "out") == [
        "model/model.json was altered after the run.",
        "model/model.json is not the one that the certificate was given for.",
    ]


def test_what_compares_with_the_old_model_stays_behind(run: Path, tmp_path: Path) -> None:
    assert {"metrics.json", "events.jsonl"} <= {path.name for path in run.iterdir()}
    export_model(run, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "SHA256SUMS",
        "certificate.json",
        "model",
        "model_card.md",
    ]


def test_the_card_of_an_exported_model_says_nothing_of_the_old_one_and_of_places(run: Path, tmp_path: Path) -> None:
    export_model(run, tmp_path / "out")
    card = (tmp_path / "out" / "model_card.md").read_text(encoding="utf-8")
    hashes = read_certificate(run).hashes
    assert hashes["model_out"] in card
    assert hashes["model_in"] not in card
    assert str(tmp_path) not in card
    (tmp_path / "out" / "model_card.md").write_text(card + "Safe for patients.\n", encoding="utf-8")
    assert verify_run(tmp_path / "out") == ["model_card.md was altered after the run."]


def test_a_bare_model_is_exported_without_a_certificate(model: Path, tmp_path: Path) -> None:
    exported = export_model(model, tmp_path / "out")
    assert load_segmenter(exported).card == load_segmenter(model).card
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["SHA256SUMS", "model"]


def test_a_unet_is_exported_like_any_model(unet: Path, sample: Dataset, tmp_path: Path) -> None:
    one, other = load_segmenter(unet), load_segmenter(export_model(unet, tmp_path / "out"))
    assert other.card == one.card
    image = sample.cases[0].image()
    np.testing.assert_array_equal(predict_mask(one, image), predict_mask(other, image))


def test_a_run_that_was_altered_is_not_handed_on(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "events.jsonl").write_text("")
    with pytest.raises(UserError, match=r"cannot be exported: events\.jsonl was altered after the run\."):
        export_model(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_taken_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        export_model(run, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_folder_that_is_no_model_is_refused(sample: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a model folder"):
        export_model(sample.root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["parts", "parts/more"])
def test_what_a_link_leads_to_is_not_handed_on(run: Path, tmp_path: Path, place: str) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "letter.txt").write_text("to nobody else")
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / place).parent.mkdir(exist_ok=True)
    (copy / place).symlink_to(private, target_is_directory=True)
    with pytest.raises(UserError, match=f"{place} is a link"):
        export_model(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()
