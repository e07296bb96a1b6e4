from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.data.layouts.settings import Settings, read_settings
from napari_unlearn.errors import UserError


def settings(folder: Path, text: str) -> Settings:
    path = folder / "dataset.toml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def test_everything_is_optional_and_the_rest_is_ignored(tmp_path: Path) -> None:
    assert settings(tmp_path, "# nothing\n") == Settings()
    text = 'license = "CC0"\nclasses = ["Background", " nevus "]\n[generator]\nseed = 3\n'
    assert settings(tmp_path, text) == Settings(licence="CC0", classes=("background", "nevus"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("classes = [", r"is not valid TOML \(.*\); correct the file"),
        ("name = 3", r"gives name as 3; write it in quotes"),
        ('classes = "nevus"', r"gives classes as 'nevus'; write classes = \["),
        ('classes = ["background", 3]', r"gives classes as "),
        ('classes = ["background", ""]', r"gives classes as "),
        ('classes = ["background"]', r"needs 2 to 255 different classes; it lists 1"),
        ('classes = ["background", "a", "a"]', r"needs 2 to 255 different classes; it lists 3"),
        ('classes = ["benign", "malignant"]', r"lists 'benign' first; class 0 is the background"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=rf"dataset.toml {sentence}"):
        settings(tmp_path, text)
