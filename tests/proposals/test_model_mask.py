from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.segmenter import predict_mask
from napari_unlearn.proposals.model_mask import propose


def test_it_is_what_the_model_predicts_inside_the_coarse_mask(sample: Dataset, model: Path) -> None:
    case = next(case for case in sample.split("train") if case.is_refined)
    inside = case.coarse() > 0
    predicted = predict_mask(load_segmenter(model), case.image()) > 0
    assert np.array_equal(propose(case.image(), inside, model), predicted & inside)
