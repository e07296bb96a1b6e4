from __future__ import annotations

import pytest

from napari_unlearn.data.layouts.diagnoses import GROUPS, group


@pytest.mark.parametrize("diagnosis", ["melanoma", "MEL", "bcc", "akiec", "malignant", " Basal cell carcinoma "])
def test_malignant(diagnosis: str) -> None:
    assert group(diagnosis) == "malignant"


@pytest.mark.parametrize("diagnosis", ["nv", "BKL", "df", "vasc", "benign", "seborrheic_keratosis", "atypical nevus"])
def test_benign(diagnosis: str) -> None:
    assert group(diagnosis) == "benign"


@pytest.mark.parametrize("diagnosis", ["", "unknown", "0"])
def test_unknown(diagnosis: str) -> None:
    assert group(diagnosis) is None


def test_the_table_is_written_as_it_is_looked_up() -> None:
    assert all(group(name) == meaning for name, meaning in GROUPS.items())
