from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.report.facts import RunFacts, read_run


def test_a_run_is_read_and_checked(run: Path, facts: RunFacts) -> None:
    assert facts.failures == ()
    assert (facts.name, facts.title) == (run.name, "Exact refit")
    assert facts.classes == ("background", "benign", "malignant")
    assert facts.positive == "malignant"
    assert facts.revised_part == "the head, on a frozen encoder"
    assert facts.digest == json.loads((run / "certificate.json").read_text())["digest"]
    assert {curve.name for curve in facts.curves} >= {"loss"}


def test_numbers_of_groups_are_named_by_their_group(run: Path, facts: RunFacts) -> None:
    stored = json.loads((run / "metrics.json").read_text())
    assert facts.metrics["retain_loss.before"] == stored["retain_loss"]["before"]
    assert facts.metrics["forget_pixels"] == stored["forget_pixels"]
    assert "retain_loss.same_recipe_from_public_start" not in facts.metrics


def test_files_that_were_altered_do_not_hinder_the_report_but_fail(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    (copy / "metrics.json").write_text(json.dumps({"seconds": "soon", "forget_pixels": True, "x": {"y": {"z": 1}}}))
    facts = read_run(copy)
    assert facts.metrics == {}
    assert any("metrics.json was altered" in sentence for sentence in facts.failures)
    (copy / "metrics.json").write_text("[")
    assert read_run(copy).metrics == {}


def test_test_mode_is_seen_by_the_noise(empirical: RunFacts, altered: Callable[..., RunFacts], facts: RunFacts) -> None:
    assert not facts.test_mode
    assert not empirical.test_mode
    nothing = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
    assert altered(noise="fixed seed 3, for tests", **nothing).test_mode


def test_an_operator_that_is_gone_keeps_its_name(altered: Callable[..., RunFacts], run: Path, tmp_path: Path) -> None:
    assert altered(operator="exact-refit").operator is not None
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    text = (copy / "certificate.json").read_text().replace('"exact-refit"', '"gone"')
    (copy / "certificate.json").write_text(text)
    facts = read_run(copy)
    assert (facts.operator, facts.title) == (None, "gone")


def test_a_folder_without_a_model_is_refused(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "copy"))
    shutil.rmtree(copy / "model")
    with pytest.raises(UserError, match="cannot be read, so nothing can be reported"):
        read_run(copy)
    with pytest.raises(UserError, match="choose the folder of an unlearning run"):
        read_run(tmp_path)
