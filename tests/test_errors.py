from __future__ import annotations

import pytest

from napari_unlearn.errors import UserError


def test_is_a_value_error_that_keeps_its_sentence() -> None:
    with pytest.raises(ValueError, match=r"^Save the mask again$"):
        raise UserError("Save the mask again")


def test_a_file_with_a_name_of_several_lines_is_told_in_one_that_can_be_printed() -> None:
    sentence = str(UserError("/data/fine/\nCON\x1b[2J\udcff\u2028é.png is a link; remove it."))
    assert sentence == "/data/fine/\\nCON\\x1b[2J\\udcff\\u2028é.png is a link; remove it."
    assert len(sentence.encode().splitlines()) == 1
