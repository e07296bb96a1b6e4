"""Models on disk."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.models.bounded_training import BoundedTraining, NoisySteps
from napari_unlearn.models.checkpoint import CARD, WEIGHTS, load_segmenter, save_segmenter
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
from napari_unlearn.models.unet import UnetSegmenter, public_unet


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A copy of the model to damage."""
    return Path(shutil.copytree(model, tmp_path / "copy"))


def test_a_saved_model_is_the_same_to_the_last_bit(model: Path, sample: Dataset, tmp_path: Path) -> None:
    first = load_segmenter(model)
    digest = save_segmenter(first, tmp_path / "again")
    second = load_segmenter(tmp_path / "again")
    assert digest == sha256_file(tmp_path / "again" / WEIGHTS) == sha256_file(model / WEIGHTS)
    assert (tmp_path / "again" / CARD).read_bytes() == (model / CARD).read_bytes()
    assert second.card == first.card
    assert second.card.classes == sample.classes
    assert second.encoder.card == first.encoder.card
    assert second.encoder.weights_hash == first.encoder.weights_hash
    np.testing.assert_array_equal(second.head.weights, first.head.weights)
    np.testing.assert_array_equal(second.head.standardiser.std, first.head.standardiser.std)
    image = sample.cases[0].image()
    assert torch.equal(second.logits(image), first.logits(image))


@pytest.mark.parametrize("trainable", ["decoder", "all"])
def test_a_saved_unet_is_the_same_to_the_last_bit(
    encoder: Encoder, sample: Dataset, tmp_path: Path, trainable: str
) -> None:
    card = ModelCard(sample.classes, 2, 64, trainable, "coarse", sample.name, 12, 0)
    network = public_unet(encoder, 3, frozen=trainable == "decoder", seed=0)
    with torch.no_grad():
        for parameter in network.layers.encoder.parameters():
            parameter.mul_(1 + 2**-20)  # more than half precision holds
    first = UnetSegmenter(card, encoder.card, network)
    digest = save_segmenter(first, tmp_path / "one")
    assert digest == sha256_file(tmp_path / "one" / WEIGHTS)
    assert json.loads((tmp_path / "one" / CARD).read_text())["kind"] == "unet"
    second = load_segmenter(tmp_path / "one")
    assert isinstance(second, UnetSegmenter)
    assert (second.card, second.encoder_card, second.network.frozen) == (card, encoder.card, trainable == "decoder")
    assert not second.network.training
    image = sample.cases[0].image()
    assert torch.equal(second.logits(image), first.logits(image))
    assert save_segmenter(second, tmp_path / "again") == digest


def test_a_card_without_the_kind_is_of_a_head(copy: Path) -> None:
    facts = json.loads((copy / CARD).read_text())
    assert facts.pop("kind") == "head"
    (copy / CARD).write_text(json.dumps(facts))
    assert isinstance(load_segmenter(copy), HeadSegmenter)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda facts: facts.update(kind="head"), "not a complete model"),
        (
            lambda facts: facts.update(kind="tree"),
            "a kind of model, 'tree', that this version does not know",
        ),
        (lambda facts: facts["encoder"].update(name="nothing"), "no encoder file or architecture 'nothing'"),
        (lambda facts: facts["encoder"].update(name="resnet18"), f"{WEIGHTS} does not fit {CARD} beside it"),
        (lambda facts: facts["model"].update(classes=["background", "lesion"]), f"{WEIGHTS} does not fit {CARD}"),
        (lambda facts: facts.update(weights_sha256="0" * 64), "was altered or damaged"),
    ],
)
def test_a_card_that_does_not_fit_a_unet_is_refused(unet: Path, tmp_path: Path, change: Any, sentence: str) -> None:
    copy = Path(shutil.copytree(unet, tmp_path / "copy"))
    facts = json.loads((copy / CARD).read_text())
    change(facts)
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match=sentence):
        load_segmenter(copy)


def test_weights_of_the_head_keep_their_double_precision(model: Path, tmp_path: Path) -> None:
    segmenter = load_segmenter(model)
    segmenter.head.weights[0, 0] = 1 + 2**-50
    save_segmenter(segmenter, tmp_path)
    assert load_segmenter(tmp_path).head.weights[0, 0] == 1 + 2**-50


@pytest.mark.parametrize("place", [0, 7, 0.01, 0.5, 0.999, -1])
def test_one_altered_byte_is_noticed(copy: Path, place: float) -> None:
    data = bytearray((copy / WEIGHTS).read_bytes())
    index = int(place * len(data)) if isinstance(place, float) else place
    data[index] ^= 1
    (copy / WEIGHTS).write_bytes(data)
    with pytest.raises(UserError, match=rf"{WEIGHTS} was altered or damaged; restore it"):
        load_segmenter(copy)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"is not a model folder: it has no {CARD}; choose the folder that has one"):
        load_segmenter(tmp_path)
    with pytest.raises(UserError, match="is not a model folder"):
        load_segmenter(tmp_path / "nowhere")


def test_missing_weights_are_refused(copy: Path) -> None:
    (copy / WEIGHTS).unlink()
    with pytest.raises(UserError, match="is not a complete model"):
        load_segmenter(copy)


@pytest.mark.parametrize("text", ["", "{", "\udcff", "[" * 100_000])
def test_a_card_that_is_no_json_is_refused(copy: Path, text: str) -> None:
    (copy / CARD).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserError, match="cannot be read as JSON"):
        load_segmenter(copy)


@pytest.mark.parametrize("facts", [[], {}, {"format": 99}])
def test_a_card_of_another_version_is_refused(copy: Path, facts: Any) -> None:
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match="written by another version"):
        load_segmenter(copy)


def test_a_training_on_bounded_features_is_remembered_and_an_older_card_has_none(copy: Path) -> None:
    segmenter = load_segmenter(copy)
    assert isinstance(segmenter, HeadSegmenter)
    steps = NoisySteps(10, 100, 0.5, 2.0, 1e-3, 10.0, "somewhere")
    training = BoundedTraining(60, 200, 6.5, 5e-3, 64 * "a", 64 * "b", steps)
    save_segmenter(dataclasses.replace(segmenter, card=dataclasses.replace(segmenter.card, bounded=training)), copy)
    assert load_segmenter(copy).card.bounded == training
    facts = json.loads((copy / CARD).read_text())
    del facts["model"]["bounded"]
    (copy / CARD).write_text(json.dumps(facts))
    assert load_segmenter(copy).card.bounded is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda facts: facts["model"].update(bounded={"images": 3}), "not a complete model"),
        (lambda facts: facts.update(kind="unet"), "does not fit model.json"),
        (lambda facts: facts.pop("model"), "not a complete model"),
        (lambda facts: facts.pop("weights_sha256"), "not a complete model"),
        (lambda facts: facts.update(encoder=3), "not a complete model"),
        (lambda facts: facts["encoder"].update(mean=[0.5]), "not a complete model"),
        (lambda facts: facts["encoder"].update(extra=1), "not a complete model"),
        (lambda facts: facts["encoder"].update(name="nothing"), "no encoder file or architecture 'nothing'"),
        (lambda facts: facts["encoder"].update(name="resnet18"), "do not fit the architecture resnet18"),
        (lambda facts: facts["model"].update(classes=["background", "lesion"]), "does not fit model.json"),
    ],
)
def test_a_card_that_says_something_else_is_refused(copy: Path, change: Any, sentence: str) -> None:
    facts = json.loads((copy / CARD).read_text())
    change(facts)
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match=sentence):
        load_segmenter(copy)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("size", 10**9, "gives 1000000000 pixels as the size of its grid; 32 to 8192"),
        ("size", 10**300, "pixels as the size of its grid"),
        ("size", -32, "gives -32 pixels"),
        ("size", "256", "pixels as the size of its grid"),
        ("classes", ["background"], "lists 1 classes"),
        ("classes", [f"c{number}" for number in range(100_000)], "lists 100000 classes; name 2 to 255"),
        ("classes", ["background", 1, 2], "lists 3 classes"),
    ],
)
def test_a_card_that_asks_for_absurd_sizes_is_refused(copy: Path, field: str, value: Any, sentence: str) -> None:
    facts = json.loads((copy / CARD).read_text())
    facts["model"][field] = value
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match=sentence):
        load_segmenter(copy)


def test_a_huge_card_is_refused_unread(copy: Path) -> None:
    with (copy / CARD).open("r+b") as stream:
        stream.truncate(2**40)
    with pytest.raises(UserError, match="is larger than 64 MiB, which no card is"):
        load_segmenter(copy)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize(("name", "sentence"), [(WEIGHTS, "not a complete model"), (CARD, "has no model.json")])
def test_a_pipe_is_not_waited_for(copy: Path, name: str, sentence: str) -> None:
    (copy / name).unlink()
    os.mkfifo(copy / name)
    with pytest.raises(UserError, match=sentence):
        load_segmenter(copy)


@pytest.mark.parametrize("part", ["head.weights", "head.std", "encoder."])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_refused(copy: Path, part: str, value: float) -> None:
    tensors = load_file(copy / WEIGHTS)
    name = next(each for each in tensors if each.startswith(part) and tensors[each].is_floating_point())
    tensors[name].view(-1)[-1] = value
    save_file(tensors, copy / WEIGHTS)
    facts = json.loads((copy / CARD).read_text())
    facts["weights_sha256"] = sha256_file(copy / WEIGHTS)
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match=f"holds numbers in {name} that are not finite"):
        load_segmenter(copy)


def test_a_pickle_in_place_of_the_weights_is_refused_and_never_run(copy: Path, tmp_path: Path) -> None:
    (copy / WEIGHTS).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    facts = json.loads((copy / CARD).read_text())
    facts["weights_sha256"] = sha256_file(copy / WEIGHTS)
    (copy / CARD).write_text(json.dumps(facts))
    with pytest.raises(UserError, match="not a complete model"):
        load_segmenter(copy)
    assert not (tmp_path / "sprung").exists()
    pickle.loads((copy / WEIGHTS).read_bytes())
    assert (tmp_path / "sprung").exists()


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def other(copy: Path) -> HeadSegmenter:
    """Another model than the one that is there."""
    segmenter = load_segmenter(copy)
    assert isinstance(segmenter, HeadSegmenter)
    segmenter.head.weights[:] += 1
    return segmenter


def test_a_model_that_was_half_replaced_is_the_new_one_as_soon_as_its_card_is_there(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = other(copy)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("napari_unlearn.models.checkpoint._settle", killed)
        with pytest.raises(KeyboardInterrupt):
            save_segmenter(new, copy)
    assert sha256_file(copy / WEIGHTS) != json.loads((copy / CARD).read_text())["weights_sha256"]
    again = load_segmenter(copy)
    assert isinstance(again, HeadSegmenter)
    np.testing.assert_array_equal(again.head.weights, new.head.weights)
    assert sorted(path.name for path in copy.iterdir()) == [CARD, WEIGHTS]


def test_weights_that_wait_beside_another_card_are_left_alone(copy: Path) -> None:
    before = load_segmenter(copy)
    (copy / f".{WEIGHTS}.next").write_bytes(b"of a program that was killed before its card was there")
    after = load_segmenter(copy)
    assert isinstance(before, HeadSegmenter)
    assert isinstance(after, HeadSegmenter)
    np.testing.assert_array_equal(after.head.weights, before.head.weights)
    save_segmenter(other(copy), copy)
    assert sorted(path.name for path in copy.iterdir()) == [CARD, WEIGHTS]


def test_a_model_that_nobody_could_load_is_not_written_over_another(copy: Path) -> None:
    new, digest = other(copy), sha256_file(copy / WEIGHTS)
    new.head.weights[0, 0] = np.nan
    with pytest.raises(UserError, match="not finite"):
        save_segmenter(new, copy)
    assert sha256_file(copy / WEIGHTS) == digest
    load_segmenter(copy)
