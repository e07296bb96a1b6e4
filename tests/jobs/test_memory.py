from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.jobs.events import Done, Event, Failed, Note
from napari_unlearn.jobs.memory import with_fewer_images
from napari_unlearn.jobs.run_folder import verify_run
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.train import TrainRequest
from napari_unlearn.jobs.train import events as train
from napari_unlearn.jobs.unlearn import UnlearnRequest
from napari_unlearn.jobs.unlearn import events as unlearn
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.unet import Unet

CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@with_fewer_images
def needs(fits: int, usual: int = 8) -> Iterator[Event]:
    """Work whose memory holds so many images."""
    images = images_at_once(usual)
    if images > fits:
        raise CUDA
    yield Done(images)


def test_work_that_runs_out_of_memory_begins_again_with_half_as_many_images(caplog: pytest.LogCaptureFixture) -> None:
    *told, end = needs(3)
    assert isinstance(end, Done)
    assert end.result == 2
    assert [type(event) for event in told] == [Note, Note]
    assert [words in note.sentence for note, words in zip(told, ("at most 4 images", "at most 2 images"), strict=True)]
    assert [record.message for record in caplog.records] == [note.sentence for note in told if isinstance(note, Note)]
    assert images_at_once(8) == 8


def test_work_that_cannot_be_made_smaller_fails_as_before() -> None:
    told: list[Event] = []
    with pytest.raises(torch.OutOfMemoryError):
        told.extend(event for event in needs(1))
    assert [type(event) for event in told] == [Note, Note]  # it was tried with 4 and with 2


def test_work_that_takes_no_images_or_fails_otherwise_does_not_begin_again() -> None:
    attempts: list[int] = []

    @with_fewer_images
    def greedy() -> Iterator[Event]:
        attempts.append(0)
        raise MemoryError
        yield

    @with_fewer_images
    def wrong() -> Iterator[Event]:
        attempts.append(images_at_once(8))
        raise ValueError("no")
        yield

    with pytest.raises(MemoryError):
        list(greedy())
    with pytest.raises(ValueError, match="no"):
        list(wrong())
    assert attempts == [0, 8]


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A computer on which a U-Net takes at most four images at once; what it was given."""
    given: list[int] = []
    forward = Unet.forward

    def limited(network: Unet, images: torch.Tensor) -> torch.Tensor:
        given.append(len(images))
        if len(images) > 4:
            raise CUDA
        return forward(network, images)

    monkeypatch.setattr(Unet, "forward", limited)
    return given


def test_a_unet_is_revised_and_trained_where_memory_is_short(
    sample: Dataset, unet: Path, encoder_file: Path, tmp_path: Path, small_memory: list[int]
) -> None:
    request = UnlearnRequest(
        sample.root, unet, tmp_path / "run", "fine-tune", device="cpu", settings={"steps": 2, "batch": 16}
    )
    told = list(unlearn(request, Token()))
    assert isinstance(told[-1], Done), told[-1]
    assert [note.sentence for note in told if isinstance(note, Note)] == [
        "Memory ran out; beginning again with at most 4 images at a time, which takes longer."
    ]
    assert small_memory[0] == 8
    assert max(small_memory[1:]) == 4
    assert verify_run(request.out) == []
    assert "Memory ran out" in (request.out / "events.jsonl").read_text(encoding="utf-8")

    small_memory.clear()
    training = TrainRequest(
        sample.root, tmp_path / "model", encoder=str(encoder_file), trainable="decoder", device="cpu"
    )
    for event in train(training, Token()):
        assert not isinstance(event, Failed), event
        if isinstance(event, Done) or len(small_memory) > 6:
            break
    assert small_memory[0] > 4
    assert max(small_memory[1:]) <= 4
