"""Where an interrupted operator goes on."""

from __future__ import annotations

import numpy as np

from napari_unlearn.operators.kept_steps import KeptSteps, fresh_draws


def test_batches_after_an_interruption_are_other_ones_and_depend_on_where_it_was() -> None:
    weights = np.zeros(3)
    first, same, later = (fresh_draws(7, KeptSteps(done, weights)).random(4) for done in (2, 2, 3))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, later)
    assert not np.array_equal(first, np.random.default_rng(7).random(4))
