"""What every operator gives back."""

from __future__ import annotations

import numpy as np

from napari_unlearn.operators.protocol import Revision, Step


def test_a_revision_promises_nothing_unless_told() -> None:
    revision = Revision(np.zeros((2, 3)))
    assert (revision.mechanism, revision.noise, revision.reference) == ("none", "none", None)


def test_steps_are_equal_whatever_weights_they_carry() -> None:
    assert Step(1, 2, "Going on", weights=np.zeros(3)) == Step(1, 2, "Going on")
