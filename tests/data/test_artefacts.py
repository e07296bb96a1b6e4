from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.artefacts import ALL_FLAGS, ARTEFACT_NAMES, HAIR, RULER, present, read_artefacts
from napari_unlearn.data.encode import write_mask
from napari_unlearn.errors import UserError


def test_flags_are_the_bits_of_the_contract() -> None:
    names = ["ruler", "ink", "gel_bubble", "gel_border", "hair", "dark_corner", "patch"]
    assert {1 << bit: name for bit, name in enumerate(names)} == ARTEFACT_NAMES


def test_flags_are_read_as_they_are(tmp_path: Path) -> None:
    flags = np.array([[0, RULER, RULER | HAIR, ALL_FLAGS]], np.uint8)
    write_mask(tmp_path / "a.png", flags)
    np.testing.assert_array_equal(read_artefacts(tmp_path / "a.png"), flags)


def test_a_bit_without_meaning_is_refused(tmp_path: Path) -> None:
    write_mask(tmp_path / "a.png", np.array([[0, 255]], np.uint8))
    with pytest.raises(
        UserError, match=r"a.png holds the value 255, but artefact flags add up to 127 .* 1 ruler, 2 ink"
    ):
        read_artefacts(tmp_path / "a.png")


def test_names_of_what_is_seen() -> None:
    assert present(np.array([[0, RULER], [HAIR, RULER | HAIR]], np.uint8)) == ("ruler", "hair")
    assert present(np.zeros((2, 2), np.uint8)) == ()
