"""Tests that images are the same wherever they are kept."""

from __future__ import annotations

import numpy as np

from napari_unlearn.leakage.images import Images
from napari_unlearn.leakage.observations import observe
from napari_unlearn.leakage.tally import Tally


def test_kept_and_counted_images_say_the_same():
    rng = np.random.default_rng(0)
    spurious, truth, prediction = rng.integers(0, (2, 3, 3), (9, 4, 5, 3)).astype(np.uint8).transpose(3, 0, 1, 2)
    tally = Tally((4, 5), 3, {"any": 1})
    for image in zip(spurious, truth, prediction, strict=True):
        tally.add(*image)
    kept: Images = observe(spurious, truth, prediction)
    counted: Images = tally.of("any")
    assert (kept.images, kept.shape) == (counted.images, counted.shape) == (9, (4, 5))
    np.testing.assert_array_equal(kept.true_classes, counted.true_classes)
    np.testing.assert_array_equal(kept.predicted_classes[kept.predicted_classes > 0], counted.predicted_classes)
    np.testing.assert_array_equal(kept.main_class(), counted.main_class())
    for class_id in (1, 2):
        np.testing.assert_array_equal(kept.tables(class_id), counted.tables(class_id))
        np.testing.assert_array_equal(kept.per_image(class_id), counted.per_image(class_id))
    some = np.array([3, 7, 19])
    for name in ("spurious", "truth", "prediction"):
        np.testing.assert_array_equal(getattr(kept.sample(some), name), getattr(counted.sample(some), name))
