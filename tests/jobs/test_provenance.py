"""Where every tensor of a model comes from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.provenance import carried_over, encoder_digest, tensor_groups


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A copy of a model to change."""
    return Path(shutil.copytree(model, tmp_path / "copy"))


def change(model: Path, name: str, by: float = 1.0) -> None:
    """Change a tensor of a model, or add one."""
    tensors = load_file(model / "model.safetensors")
    tensors[name] = tensors.get(name, torch.zeros(2)) + by
    save_file(tensors, model / "model.safetensors")


def set_card(model: Path, part: str, **values: object) -> None:
    facts = json.loads((model / "model.json").read_text())
    facts[part] |= values
    (model / "model.json").write_text(json.dumps(facts))


def roles(model: Path, tier: str = "certified") -> dict[str, str]:
    """Role of every tensor."""
    return {name: group.role for group in tensor_groups(model, tier) for name in group.names}


def test_a_head_is_covered_and_its_encoder_public(model: Path) -> None:
    found = roles(model)
    assert found.keys() == load_file(model / "model.safetensors").keys()
    assert found.pop("head.weights") == "covered"
    assert (found.pop("head.mean"), found.pop("head.std")) == ("images only", "images only")
    assert set(found.values()) == {"frozen public"}
    assert all(name.startswith("encoder.") for name in found)


def test_a_decoder_is_covered_with_all_it_has(unet: Path) -> None:
    found = roles(unet)
    for name, role in found.items():
        assert role == ("frozen public" if name.startswith("encoder.") else "covered"), name
    assert {"covered", "frozen public"} == set(found.values())


def test_where_everything_was_trained_everything_is_covered(unet: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(unet, tmp_path / "copy"))
    set_card(copy, "model", trainable="all")
    set_card(copy, "encoder", public=False)
    assert set(roles(copy).values()) == {"covered"}


def test_an_empirical_run_covers_nothing(model: Path) -> None:
    assert roles(model, "empirical")["head.weights"] == "not covered"


def test_an_encoder_that_saw_labels_is_not_covered(copy: Path) -> None:
    set_card(copy, "encoder", public=False, trained_on="coarse masks")
    (group,) = (group for group in tensor_groups(copy, "certified") if group.role == "not covered")
    assert "trained on: coarse masks. Labels of the data set may have touched it." in group.provenance
    assert all(name.startswith("encoder.") for name in group.names)


@pytest.mark.parametrize("name", ["optimiser.exp_avg", "head.weights.momentum", "head.weights2", "head", "encoder"])
def test_what_is_unknown_is_not_covered(copy: Path, name: str) -> None:
    change(copy, name)
    assert roles(copy)[name] == "not covered"


def test_a_digest_tells_numbers_names_types_and_shapes_apart(copy: Path) -> None:
    def digest() -> str:
        return next(group.sha256 for group in tensor_groups(copy, "certified") if group.role == "covered")

    def write(weights: torch.Tensor) -> None:
        save_file(load_file(copy / "model.safetensors") | {"head.weights": weights}, copy / "model.safetensors")

    weights = load_file(copy / "model.safetensors")["head.weights"]
    seen = {digest()}
    for other in (weights + 1e-12, weights.float(), weights.T.contiguous(), weights.reshape(-1)):
        write(other)
        seen.add(digest())
    assert len(seen) == 5
    write(weights)
    assert digest() in seen


def test_the_encoder_of_a_model_has_the_digest_of_its_file(
    model: Path, unet: Path, encoder_file: Path, tmp_path: Path
) -> None:
    published = sha256_file(encoder_file)
    assert encoder_digest(model) == published
    assert encoder_digest(unet) == published
    copy = Path(shutil.copytree(unet, tmp_path / "other"))
    names = load_file(copy / "model.safetensors")
    change(copy, next(name for name in names if name.startswith("encoder.") and name.endswith("running_mean")))
    assert encoder_digest(copy) != published
    set_card(copy, "model", trainable="all")
    assert encoder_digest(copy) is None


def test_a_model_that_only_got_another_head_carries_nothing_over(model: Path, copy: Path) -> None:
    change(copy, "head.weights")
    found = carried_over(model, copy)
    assert [entry.holds for entry in found] == [True, True, True]
    assert any("normalisation statistics stay as published" in entry.sentence for entry in found)


@pytest.mark.parametrize("ending", ["running_mean", "running_var", "weight", "head.mean", "head.std"])
def test_statistics_that_moved_are_noticed(model: Path, copy: Path, ending: str) -> None:
    change(copy, next(name for name in load_file(copy / "model.safetensors") if name.endswith(ending)))
    (wrong,) = (entry for entry in carried_over(model, copy) if not entry.holds)
    assert wrong.checked.startswith("Their SHA-256 differs")


def test_the_state_of_an_optimiser_is_noticed(model: Path, copy: Path) -> None:
    change(copy, "optimiser.exp_avg")
    for before, after in ((model, copy), (copy, model), (copy, copy)):
        (wrong,) = (entry for entry in carried_over(before, after) if not entry.holds)
        assert "optimiser.exp_avg" in wrong.checked


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
@pytest.mark.parametrize("data", [None, b"", b"{}", b"[]"])
def test_a_model_that_cannot_be_read_is_refused(copy: Path, name: str, data: bytes | None) -> None:
    if data is None:
        (copy / name).unlink()
    else:
        (copy / name).write_bytes(data)
    with pytest.raises(UserError, match="is not a complete model, so its tensors cannot be checked"):
        tensor_groups(copy, "certified")
