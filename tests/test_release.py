"""What a release is tried in, and its bill of materials. `scripts/wheel.sh` tries the wheel itself."""

from __future__ import annotations

import json
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import from `scripts/` as its programs do."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def test_what_a_wheel_asks_for_is_followed_to_the_end_and_holds_no_tool_of_ours() -> None:
    from linked_environment import asked_for

    found = asked_for(["segmentation-models-pytorch>=0.5"])
    assert {"segmentation-models-pytorch", "timm", "torch", "sympy", "mpmath"} <= set(found)
    assert not {"pytest", "ruff", "napari", "napari-unlearn"} & set(found)


def test_markers_and_extras_decide_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from linked_environment import asked_for

    monkeypatch.syspath_prepend(str(tmp_path))
    lines = {
        "whole": ["whole[part]; extra == 'all'", "piece; extra == 'part'", "other; sys_platform == 'nowhere'"],
        "piece": ["whole"],
        "other": [],
    }
    for name, required in lines.items():
        (tmp_path / f"{name}-1.dist-info").mkdir()
        told = [f"Name: {name}", "Version: 1", *(f"Requires-Dist: {line}" for line in required)]
        (tmp_path / f"{name}-1.dist-info" / "METADATA").write_text("\n".join(told), encoding="utf-8")
    assert set(asked_for(["whole"])) == {"whole"}
    assert set(asked_for(["whole[all]"])) == {"whole", "piece"}
    assert set(asked_for(["other; extra == 'more'"])) == set()
    assert set(asked_for(["other; extra == 'more'"], ["more"])) == {"other"}


def test_the_bill_of_materials_lists_what_is_there_and_tells_nothing_of_this_machine(tmp_path: Path) -> None:
    from bill_of_materials import describe
    from linked_environment import asked_for, link

    venv.create(tmp_path / "environment", symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "environment")}))
    link(packages, asked_for(["markdown-it-py"]))
    text = describe(tmp_path / "environment", tmp_path / "bill.json").read_text(encoding="utf-8")
    bill = json.loads(text)
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "napari-unlearn"
    assert "timestamp" not in bill["metadata"]
    assert sorted(part["purl"] for part in bill["components"]) == [
        f"pkg:pypi/markdown-it-py@{version('markdown-it-py')}",
        f"pkg:pypi/mdurl@{version('mdurl')}",
    ]
    assert str(tmp_path) not in text
    assert sys.prefix not in text
