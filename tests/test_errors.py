from __future__ import annotations

import pytest

from napari_unlearn.errors import UserError


def test_is_a_value_error_that_keeps_its_sentence() -> None:
    with pytest.raises(ValueError, match=r"^Save the mask again$"):
        raise UserError("Save the mask again")
