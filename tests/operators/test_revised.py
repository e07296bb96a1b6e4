"""From revised weights to a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.unet_weights import weights_of
from napari_unlearn.operators.collect_unet import collect_unet
from napari_unlearn.operators.public_start import public_start
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head, revised_unet
from napari_unlearn.operators.settings import Settings


def test_a_head_takes_the_place_of_the_old_one(model: Path) -> None:
    segmenter = load_segmenter(model)
    weights = segmenter.head.weights + 1
    made = revised_head(segmenter, weights, 4)
    np.testing.assert_array_equal(made.head.weights, weights)
    assert made.encoder is segmenter.encoder
    assert made.head.standardiser is segmenter.head.standardiser
    assert (made.card.masks, made.card.cases) == ("unlearned", 4)
    assert segmenter.card.masks == "coarse"


def test_a_unet_gets_weights_and_statistics(unet: Path, sample: Dataset) -> None:
    segmenter = load_segmenter(unet)
    start = public_start(segmenter, None, 3)
    collecting = collect_unet(segmenter, start.network, sample.split("train"), Settings(), 0, np.random.default_rng(0))
    (collected,) = (item for item in collecting if isinstance(item, Collected))
    weights = collected.problem.original + 0.01
    made = revised_unet(segmenter, collected.problem, weights, 6, start, exact=True)
    np.testing.assert_allclose(weights_of(made.network), weights, rtol=1e-6, atol=1e-7)
    assert made.encoder_card == segmenter.encoder_card
    assert (made.card.masks, made.card.cases, made.card.public_encoder) == ("unlearned", 6, "")
    old, new = segmenter.network.stored_state(), made.network.stored_state()
    means = [name for name in new if name.startswith("decoder") and name.endswith("running_mean")]
    assert means
    assert all((new[name] != old[name]).any() for name in means)
