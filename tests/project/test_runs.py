from __future__ import annotations

from datetime import datetime
from pathlib import Path

from napari_unlearn.project.runs import new_run

NOON = datetime(2030, 1, 2, 12, 0, 0)


def test_runs_never_share_a_folder(tmp_path: Path) -> None:
    first = new_run(tmp_path, "exact-refit", NOON)
    assert first == tmp_path / "unlearn-runs" / "20300102-120000-exact-refit"
    first.mkdir(parents=True)
    assert new_run(tmp_path, "exact-refit", NOON).name == "20300102-120000-exact-refit-2"
