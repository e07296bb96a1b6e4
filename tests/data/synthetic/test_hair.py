from __future__ import annotations

import numpy as np

from napari_unlearn.data.artefacts import HAIR
from napari_unlearn.data.synthetic.hair import HairSpec, render_hair


def test_some_cases_are_hairy(rng: np.random.Generator) -> None:
    counts = np.array([HairSpec.draw(child).count for child in rng.spawn(400)])
    assert 0.25 < (counts > 0).mean() < 0.45
    assert counts[counts > 0].min() >= 3
    assert counts.max() <= 30


def test_hairs_are_thin() -> None:
    mark = render_hair(HairSpec(8, 1), 128)
    assert mark.flag == HAIR
    assert 0.002 < mark.pixels.mean() < 0.08


def test_more_hairs_cover_more() -> None:
    few, many = (render_hair(HairSpec(count, 4), 128).pixels.sum() for count in (2, 20))
    assert many > few
