"""How long an encoder is at work, told apart from everything that is done around it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from napari_unlearn.models.segmenter import HeadSegmenter, Segmenter
from napari_unlearn.models.unet import UnetSegmenter


@dataclass(frozen=True)
class Pace:
    """Time of an evaluation and the part of it that its encoder took.

    Attributes
    ----------
    images : int
        How many the encoder saw; an image whose maps were kept from before is none of them.
    encoder_seconds, seconds : float
        By the clock, in the encoder's forward passes and altogether.
    encoder_processor, processor : float or None
        The same in seconds of processor time, which other programs disturb less; None where torch computes in several
        threads, as only that of one can be told apart.
    """

    images: int
    encoder_seconds: float
    seconds: float
    encoder_processor: float | None
    processor: float | None

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, and the rate: the encoder's part of the time, 1 where nothing else takes any."""
        known = self.encoder_processor is not None and self.processor is not None
        return {
            "images": self.images,
            "encoder_seconds": self.encoder_seconds,
            "seconds": self.seconds,
            "rate": self.encoder_seconds / self.seconds,
            "encoder_processor_seconds": self.encoder_processor,
            "processor_seconds": self.processor,
            "processor_rate": self.encoder_processor / self.processor if known else None,  # type: ignore[operator]
        }

    def in_words(self) -> str:
        """One sentence for people."""
        return (
            f"{self.seconds:.1f} s, of which the encoder took {self.encoder_seconds:.1f} s for {self.images} images: "
            f"{self.encoder_seconds / self.seconds:.2f} of the rate of its bare forward passes."
        )


class Watch:
    """Adds up what the forward passes of encoders take, from its making on."""

    def __init__(self) -> None:
        self._images = 0
        self._start, self._began = (time.perf_counter(), time.process_time()), (0.0, 0.0)
        self._seconds = self._processor = 0.0

    @contextmanager
    def on(self, segmenter: Segmenter) -> Iterator[None]:
        """Watch the encoder of a model.

        Parameters
        ----------
        segmenter : Segmenter
            A head on an encoder, or a U-Net; nothing of another model is counted.
        """
        hooks = [
            hook
            for encoder in _encoders(segmenter)
            for hook in (encoder.register_forward_pre_hook(self._enter), encoder.register_forward_hook(self._leave))
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def pace(self) -> Pace:
        """Return what was found so far."""
        alone = torch.get_num_threads() == 1
        return Pace(
            self._images,
            self._seconds,
            time.perf_counter() - self._start[0],
            self._processor if alone else None,
            time.process_time() - self._start[1] if alone else None,
        )

    def _enter(self, encoder: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self._began = (time.perf_counter(), time.thread_time())

    def _leave(self, encoder: nn.Module, inputs: tuple[torch.Tensor, ...], maps: object) -> None:
        if inputs[0].is_cuda:
            # A graphics processor answers before it is done.
            torch.cuda.synchronize()
        self._seconds += time.perf_counter() - self._began[0]
        self._processor += time.thread_time() - self._began[1]
        self._images += len(inputs[0])


def _encoders(segmenter: Segmenter) -> list[nn.Module]:
    match segmenter:
        case HeadSegmenter():
            return [segmenter.encoder]
        case UnetSegmenter():
            return [segmenter.network.layers.encoder]
    return []
