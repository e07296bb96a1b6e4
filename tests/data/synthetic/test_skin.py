from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_unlearn.data.synthetic.skin import SkinSpec, render_skin


def test_skin_has_the_tone_of_its_spec(rng: np.random.Generator) -> None:
    for spec in (SkinSpec.draw(child) for child in rng.spawn(20)):
        image = render_skin(spec, 64)
        assert image.shape == (64, 64, 3)
        assert image.dtype == np.float32
        np.testing.assert_allclose(np.median(image, axis=(0, 1)), spec.tone, rtol=0.15)


def test_tones_vary_and_stay_skin(rng: np.random.Generator) -> None:
    tones = np.array([SkinSpec.draw(child).tone for child in rng.spawn(200)])
    assert (tones[:, 0] > tones[:, 1]).mean() > 0.95
    assert tones.min() > 20
    assert tones.max() < 250
    assert tones.std(axis=0).min() > 10


def test_every_ingredient_can_be_seen(rng: np.random.Generator) -> None:
    plain = replace(SkinSpec.draw(rng), flush=0.0, freckles=0.0, lines=0.0, pores=0.0, shading=(0.0, 0.0))
    bare = render_skin(plain, 96)
    for change in ({"flush": 0.1}, {"freckles": 0.2}, {"lines": 0.05}, {"pores": 0.1}, {"shading": (0.2, 0.0)}):
        assert np.abs(render_skin(replace(plain, **change), 96) - bare).max() > 3, change
