from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from napari_unlearn.project.runs import keep_measured, list_runs, new_run, read_measured

NOON = datetime(2030, 1, 2, 12, 0, 0)


def test_runs_never_share_a_folder(tmp_path: Path) -> None:
    first = new_run(tmp_path, "exact-refit", NOON)
    assert first == tmp_path / "unlearn-runs" / "20300102-120000-exact-refit"
    first.mkdir(parents=True)
    assert new_run(tmp_path, "exact-refit", NOON).name == "20300102-120000-exact-refit-2"


def write_run(folder: Path, created: str, **metrics: object) -> Path:
    (folder / "model").mkdir(parents=True)
    record = {
        "created": created, "operator": "exact-refit", "tier": "exact", "status": "exact", "epsilon": 0.0, "delta": 0.0
    }  # fmt: skip
    (folder / "certificate.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_the_runs_of_a_project_are_read_newest_first_with_what_was_asked_and_measured(tmp_path: Path) -> None:
    base = tmp_path / "coarse"
    base.mkdir()
    first = write_run(tmp_path / "runs" / "a", "2030-01-01T10:00:00+00:00", seconds=2.5, request={"model": str(base)})
    second = write_run(tmp_path / "runs" / "b", "2030-01-02T10:00:00+00:00")
    numbers = {"splits": {"test": {"dice": 0.8}}}
    keep_measured(first, numbers, base, datetime(2030, 1, 3, tzinfo=UTC))
    newest, oldest = list_runs(tmp_path / "runs")
    assert (newest.folder, oldest.folder) == (second, first)
    assert (oldest.seconds, oldest.base, oldest.model) == (2.5, base, first / "model")
    assert oldest.measured is not None
    assert oldest.measured.numbers == numbers
    assert (oldest.measured.when, oldest.measured.before) == ("2030-01-03T00:00:00+00:00", str(base))
    assert (newest.seconds, newest.request, newest.base, newest.measured) == (None, None, None, None)
    base.rmdir()
    assert list_runs(tmp_path / "runs")[1].base is None


def test_a_run_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    good = write_run(tmp_path / "a", "2030-01-01T10:00:00+00:00")
    for name, text in (("b", "{"), ("c", "[]"), ("d", '{"operator": "x"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "certificate.json").write_text(text)
    (good / "metrics.json").write_text("[1]")
    (tmp_path / "a.numbers.json").write_text("{}")
    (run,) = list_runs(tmp_path)
    assert run.folder == good
    assert run.measured is None
    assert list_runs(tmp_path / "nothing") == []


def test_what_was_measured_leaves_the_files_of_the_run_alone(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", "2030-01-01T10:00:00+00:00")
    before = sorted(run.rglob("*"))
    keep_measured(run, {"splits": {}}, None)
    assert sorted(run.rglob("*")) == before
    measured = read_measured(run)
    assert measured is not None
    assert measured.before is None
