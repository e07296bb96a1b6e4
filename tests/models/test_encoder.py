"""The frozen encoder and its file."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from safetensors.torch import save_file

from napari_unlearn.data.sample import sample_folder
from napari_unlearn.errors import UserError
from napari_unlearn.models import encoder as module
from napari_unlearn.models.encoder import (
    Encoder,
    EncoderCard,
    find_encoder,
    imagenet_encoder,
    load_encoder,
    shipped_encoder,
)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randint(256, (2, 3, 64, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def shipped() -> bool:
    try:
        sample_folder()
    except UserError:
        return False
    return True


needs_sample = pytest.mark.skipif(not shipped(), reason="sample_data/encoder.safetensors was not made yet")


def test_one_map_a_level_each_half_as_large(encoder: Encoder, images: torch.Tensor) -> None:
    maps = encoder(images)
    assert [tuple(m.shape) for m in maps] == [(2, c, 64 >> i, 32 >> i) for i, c in enumerate(encoder.channels)]
    assert len(maps) == 6


def test_the_first_map_is_the_normalised_image(encoder: Encoder, images: torch.Tensor) -> None:
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (encoder.card.mean, encoder.card.std))
    torch.testing.assert_close(encoder(images)[0], (images / 255 - mean) / std)


def test_nothing_makes_the_encoder_learn(encoder: Encoder, images: torch.Tensor) -> None:
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    assert any("running_mean" in name for name in before)
    assert encoder.train() is encoder
    assert not any(part.training for part in encoder.modules())
    encoder(images)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert not encoder(images)[-1].requires_grad


def test_a_saved_encoder_is_the_same_to_the_last_bit(
    encoder: Encoder, encoder_file: Path, images: torch.Tensor
) -> None:
    loaded = load_encoder(encoder_file)
    assert loaded.card == encoder.card
    assert loaded.weights_hash == encoder.weights_hash
    assert all(torch.equal(a, b) for a, b in zip(loaded(images), encoder(images), strict=True))


def test_the_digest_tells_weights_and_origin_apart(encoder: Encoder) -> None:
    state = encoder.backbone.state_dict()
    other = dict(state)
    name = next(name for name, value in state.items() if value.is_floating_point() and value.ndim > 1)
    other[name] = state[name] + 0.5
    assert Encoder(encoder.card, other).weights_hash != encoder.weights_hash
    claimed = dataclasses.replace(encoder.card, public=False)
    assert Encoder(claimed, state).weights_hash != encoder.weights_hash
    assert Encoder(encoder.card, state).weights_hash == encoder.weights_hash


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "foreign", "card", "colours"])
def test_a_file_that_is_no_encoder_is_refused_in_one_sentence(
    damage: str, encoder: Encoder, encoder_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    whole = encoder_file.read_bytes()
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("not an encoder")
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
        case "foreign":
            save_file({"a": torch.zeros(2)}, path)
        case "card":
            save_file({"a": torch.zeros(2)}, path, metadata={"encoder": '{"name": "x"}'})
        case "colours":
            path.write_bytes(whole.replace(b"[0.485, 0.456, 0.406]", b"[0.485, 0.456       ]"))
            assert path.read_bytes() != whole
    with pytest.raises(UserError, match=r"other\.safetensors is not an encoder .*; choose another file\.$"):
        load_encoder(path)


def test_a_file_whose_numbers_were_lost_does_not_fit(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"do not fit the architecture tu-test_efficientnet"):
        Encoder(encoder.card, {"a": torch.zeros(2)})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no encoder file .*nowhere\.safetensors; check the path"):
        find_encoder(str(tmp_path / "nowhere.safetensors"))


def test_a_folder_is_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not an encoder"):
        load_encoder(tmp_path)
    with pytest.raises(UserError, match="no encoder file or architecture"):
        find_encoder(str(tmp_path))


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(UserError, match=r"no encoder file or architecture 'resnet-eighteen'"):
        find_encoder("resnet-eighteen")
    with pytest.raises(UserError, match="no encoder file or architecture 'tu-nothing'"):
        find_encoder("tu-nothing")
    with pytest.raises(UserError, match="'resnet-eighteen'"):
        Encoder(EncoderCard("resnet-eighteen", "nothing", public=True), {})


@pytest.mark.parametrize("name", ["tu-hf-hub:somebody/something", "tu-local-dir:/somewhere", ""])
def test_a_name_that_makes_a_library_fetch_things_is_no_architecture(name: str) -> None:
    with pytest.raises(UserError, match="no encoder file or architecture"):
        Encoder(EncoderCard(name, "nothing", public=True), {})


@pytest.mark.usefixtures("offline")
def test_without_a_network_the_sentence_says_what_to_do() -> None:
    with pytest.raises(UserError, match="weights of resnet18 cannot be downloaded from here; go online"):
        imagenet_encoder("resnet18")


def test_a_file_is_found_by_its_path(encoder: Encoder, encoder_file: Path) -> None:
    assert find_encoder(str(encoder_file)).weights_hash == encoder.weights_hash


@pytest.mark.usefixtures("offline")
def test_auto_falls_back_to_the_shipped_encoder(monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> None:
    monkeypatch.setattr(module, "shipped_encoder", lambda: encoder)
    assert find_encoder("auto") is encoder


def test_auto_takes_imagenet_where_there_is_a_network(monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> None:
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [])
    monkeypatch.setattr(module, "imagenet_encoder", lambda name: asked.append(name) or encoder)
    assert find_encoder("auto") is encoder
    assert asked == [module.DEFAULT_IMAGENET]


@needs_sample
def test_the_shipped_encoder_is_public_and_ready() -> None:
    found = shipped_encoder()
    assert found.card.public
    assert find_encoder("shipped").weights_hash == found.weights_hash


def test_an_encoder_that_labels_touched_is_not_public(encoder: Encoder) -> None:
    touched = encoder.card.fitted_on("coarse", "A set")
    assert not touched.public
    assert touched.trained_on == "nothing, its weights are random and the coarse masks of A set"
    assert dataclasses.replace(touched, public=True, trained_on=encoder.card.trained_on) == encoder.card
