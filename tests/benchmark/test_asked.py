"""From what a person asks for to a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.benchmark.asked import Asked, request
from napari_unlearn.benchmark.design import Factors, Models
from napari_unlearn.benchmark.folder import FolderSource
from napari_unlearn.benchmark.synthetic import SyntheticSource
from napari_unlearn.data.synthetic import write_sample
from napari_unlearn.errors import UserError

FACTORS = Factors((3,), (0.95,), ("box",), (0.1,), (8, 0))
ASKED = Asked(FACTORS, Models(("exact-refit",)), True, 2, 12, 64, "somewhere/net.safetensors")


def test_drawn_images_are_the_usual_source(tmp_path: Path) -> None:
    made = request(ASKED, tmp_path / "t.csv", 2)
    assert made.source == SyntheticSource(12, 64)
    assert len(made.trials) == 2 * (3 + 2)
    assert {(each.source, each.encoder, each.cases, each.size) for each in made.trials} == {
        ("synthetic", "net", 12, 64)
    }


def test_a_data_set_decides_about_classes_and_correlation(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "trap", cases=6, size=64, fine=1.0, classes=2).root
    asked = Asked(Factors(), Models(("exact-refit",)), False, 1, 100, 64, "shipped", folder)
    made = request(asked, tmp_path / "t.csv", 2)
    assert made.source == FolderSource(folder, 100, 64)
    assert {(each.source, each.cases, each.classes, each.correlation) for each in made.trials} == {("trap", 6, 2, None)}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Asked(FACTORS, Models(), True, 1, 12, 65, "e"), "multiple of 32, not 65"),
        (Asked(FACTORS, Models(), True, 1, 12, 64, "e", Path("nowhere")), "nowhere"),
        (Asked(Factors(fine=(2.0,)), Models(), True, 1, 12, 64, "e"), "share 2.0"),
        (Asked(FACTORS, Models(("magic",)), True, 1, 12, 64, "e"), "no operator 'magic'"),
    ],
)
def test_what_cannot_be_measured_is_told(asked: Asked, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        request(asked, tmp_path / "t.csv", 1)
