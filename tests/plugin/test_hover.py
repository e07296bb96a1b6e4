from __future__ import annotations

import pytest

from napari_unlearn.plugin.hover import meaning


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 % of the strongest place: over all measured images, an artefact here tells next to nothing"),
        (0.1, "tells a little"),
        (
            0.25,
            "Here 0.25 nats, 50 % of the strongest place: over all measured images, an artefact here tells something",
        ),
        (0.6, "120 % of the strongest place: over all measured images, an artefact here tells much"),
    ],
)
def test_a_value_is_said_with_what_it_means(value: float, words: str) -> None:
    assert words in meaning(value, 0.5)


def test_a_map_without_any_leakage_says_so() -> None:
    assert "next to nothing" in meaning(0.0, 0.0)
