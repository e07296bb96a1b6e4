from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.errors import UserError
from napari_unlearn.project.lesion_free import LesionFree, look


@dataclass
class FakeCase:
    id: str
    pixels: int | None

    def coarse(self) -> NDArray[np.uint8]:
        if self.pixels is None:
            raise UserError("The mask is broken.")
        mask = np.zeros((4, 6), np.uint8)
        mask.flat[: self.pixels] = 1
        return mask


def test_it_looks_until_a_mask_shows_a_lesion_or_cannot_be_read() -> None:
    assert look([FakeCase("a", 0), FakeCase("b", 0), FakeCase("c", 1), FakeCase("d", 0)]) == {
        "a": True,
        "b": True,
        "c": False,
    }
    assert look([FakeCase("a", 0), FakeCase("b", None), FakeCase("c", 0)]) == {"a": True, "b": False}
    assert look([FakeCase("a", 0)]) == {"a": True}


def test_what_nobody_has_looked_at_is_not_called_free_of_lesions() -> None:
    cases = LesionFree()
    assert "a" not in cases
    assert not cases.knows("a")
    told: list[tuple[str, ...]] = []
    cases.found.connect(told.append)
    cases.note({"a": True, "b": False})
    assert "a" in cases
    assert "b" not in cases
    assert cases.knows("b")
    cases.note({"a": True})
    assert told == [("a",)]
