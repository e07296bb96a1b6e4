from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.data.synthetic.canvas import grid


def test_the_grid_is_centred_and_one_image_side_wide() -> None:
    y, x = grid(4)
    np.testing.assert_allclose(y[:, 0], [-0.375, -0.125, 0.125, 0.375])
    np.testing.assert_array_equal(x, y.T)


def test_the_shared_grid_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        grid(4)[0][0, 0] = 1
