from __future__ import annotations

from pathlib import Path

import pytest

from napari_unlearn.report.paths import PathRemover


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Read from /home/ann/study/masks.", "Read from …/masks."),
        ("(/srv/data/x.png) is damaged", "(…/x.png) is damaged"),
        (r"C:\Users\Ann\model.json was altered", "…/model.json was altered"),
        (r"on \\server\share\ann", "on …/ann"),
        ("file:///home/ann/a.png", "…/a.png"),
        ("~/study/a", "…/a"),
        ("made by sample_data/make_encoder.py", "made by sample_data/make_encoder.py"),
        ("benign and/or malignant, 3 / 4, 2026/11", "benign and/or malignant, 3 / 4, 2026/11"),
    ],
)
def test_places_go_and_everything_else_stays(text: str, left: str) -> None:
    assert PathRemover([])(text) == left


def test_a_known_folder_is_found_although_it_holds_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "Ann Smith" / "my study"
    assert PathRemover([folder])(f"{folder} has no case; {folder}/x has") == "…/my study has no case; …/my study/x has"


def test_the_home_of_the_user_is_always_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "Ann Smith"
    monkeypatch.setattr(Path, "home", lambda: home)
    assert "Smith/x" in PathRemover([])(f"{home}/x")
    assert str(home) not in PathRemover([])(f"{home}/x")


def test_a_word_is_no_place() -> None:
    assert PathRemover([Path("run")])("the run ended") == "the run ended"
