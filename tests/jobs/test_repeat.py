from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.repeat import ask_again, to_keep
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest, events


@pytest.fixture
def first(sample: Dataset, model: Path, tmp_path: Path) -> UnlearnRequest:
    return UnlearnRequest(
        sample.root, model, tmp_path / "first", counterfactual=1, device="cpu", seed=3, settings={"pixels": 40}
    )


def test_a_run_keeps_what_was_asked_and_the_same_again_gives_the_same_model(
    first: UnlearnRequest, tmp_path: Path
) -> None:
    *_, _ = events(first, Token())
    record = json.loads((first.out / "metrics.json").read_text())["request"]
    again = ask_again(record, first.dataset, tmp_path / "second")
    assert again == dataclasses.replace(first, model=first.model.absolute(), out=again.out)
    assert again.settings == first.settings
    *_, _ = events(again, Token())
    one, two = ((out / "model" / "model.safetensors").read_bytes() for out in (first.out, again.out))
    assert one == two


def test_a_model_that_is_gone_and_a_record_of_another_version_are_told(first: UnlearnRequest, tmp_path: Path) -> None:
    record = to_keep(first)
    assert record is not None
    with pytest.raises(UserError, match="no longer at"):
        ask_again({**record, "model": str(tmp_path / "gone")}, first.dataset, tmp_path / "second")
    with pytest.raises(UserError, match="another version"):
        ask_again({**record, "colour": 1}, first.dataset, tmp_path / "second")


def test_the_names_of_forgotten_cases_are_not_kept(first: UnlearnRequest) -> None:
    assert to_keep(dataclasses.replace(first, forget_cases="id = A12")) is None
