"""What the encoder's own work takes."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.evaluation.pace import Pace, Watch
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import HeadSegmenter


@pytest.mark.parametrize("kind", ["model", "unet"])
def test_every_forward_pass_is_counted_while_watched_and_none_after(
    kind: str, sample: Dataset, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    segmenter = load_segmenter(request.getfixturevalue(kind), cache=tmp_path)
    image, watch = sample.cases[0].image(), Watch()
    with watch.on(segmenter):
        for _ in range(3):
            segmenter.composed_logits(image)
    segmenter.composed_logits(image)
    pace = watch.pace()
    assert pace.images == 3
    assert 0 < pace.encoder_seconds < pace.seconds
    if pace.encoder_processor is not None:
        assert pace.processor is not None
        assert 0 < pace.encoder_processor <= pace.processor


def test_maps_that_were_kept_are_no_work(sample: Dataset, model: Path, tmp_path: Path) -> None:
    segmenter, watch = load_segmenter(model, cache=tmp_path), Watch()
    assert isinstance(segmenter, HeadSegmenter)
    with watch.on(segmenter):
        first, again = (segmenter.logits(sample.cases[0].image()) for _ in range(2))
    assert watch.pace().images == 1
    torch.testing.assert_close(first, again)


def test_time_beside_the_encoder_is_not_the_encoder_s() -> None:
    watch = Watch()
    time.sleep(0.02)
    pace = watch.pace()
    assert (pace.images, pace.encoder_seconds) == (0, 0)
    assert pace.seconds >= 0.02


def test_the_rate_is_the_encoder_s_part_of_the_time() -> None:
    pace = Pace(10, 3.0, 4.0, 2.0, 2.5)
    assert pace.to_json()["rate"] == pytest.approx(0.75)
    assert pace.to_json()["processor_rate"] == pytest.approx(0.8)
    assert "10 images: 0.75 " in pace.in_words()
    unknown = json.loads(json.dumps(Pace(10, 3.0, 4.0, None, None).to_json(), allow_nan=False))
    assert unknown["processor_rate"] is None
    assert np.isclose(unknown["rate"], 0.75)
