"""Operators of other packages, installed as far as Python can tell."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_unlearn.data.dataset import Dataset
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.events import Done
from napari_unlearn.jobs.token import Token
from napari_unlearn.jobs.unlearn import UnlearnRequest, events
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators import foreign, registry

MODULE = """
from dataclasses import dataclass
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.settings import Settings, number

@dataclass(frozen=True)
class Own(Settings):
    force: float = number(2.0, 0.0, 9.0, "How hard.")

@dataclass(frozen=True)
class Loose(Settings):
    force: float = 2.0

def made(name, tier="empirical", badge="Empirical", settings=Own, summary="Does something.", **more):
    return OperatorInfo(name, "Title", tier, badge, summary, "A paper.", settings, "elsewhere_run", **more)
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that installs a package whose entry points are given, each with its expression."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "elsewhere_kit.py").write_text(MODULE)

    def put(package: str = "elsewhere", version: str = "1.2", **points: str) -> None:
        module = package.replace("-", "_")
        lines = [f"{name} = {expression}" for name, expression in points.items()]
        (tmp_path / f"{module}.py").write_text("\n".join(["from elsewhere_kit import *", *lines]))
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        group = "".join(f"{name} = {module}:{name}\n" for name in points)
        (info / "entry_points.txt").write_text(f"[{foreign.GROUP}]\n{group}")
        clear()

    clear()
    yield put
    clear()
    for name in [name for name in sys.modules if name.startswith(("elsewhere", "unlearn_blend"))]:
        del sys.modules[name]


def clear() -> None:
    foreign.discover.cache_clear()
    registry.available.cache_clear()


def test_without_another_package_there_is_nothing_else(install: Install) -> None:
    assert foreign.discover() == ((), ())


def test_an_operator_of_another_package_stands_with_its_tier(install: Install) -> None:
    install(push="made('push')", hide="made('hide', 'certified', 'Certified head')")
    entries = registry.available()
    names = [entry.name for entry in entries]
    assert registry.info("push").package == "elsewhere 1.2"
    assert names[-1] == "push"
    badges = list(dict.fromkeys(entry.badge for entry in entries))
    assert badges == ["Exact", "Certified head", "Certified ball", "Empirical"]
    assert names.index("residual-head") < names.index("hide") < names.index("gradient-clipping")
    assert registry.info("hide").uses_budget
    assert registry.info("push").parameters["force"]["explanation"] == "How hard."
    assert registry.left_out() == ()


def test_what_nobody_can_check_is_not_exact(install: Install) -> None:
    install(wipe="made('wipe', 'exact', 'Exact')")
    entry = registry.info("wipe")
    assert (entry.tier, entry.badge) == ("empirical", "Empirical")
    assert entry.summary == "Does something. Its package calls it exact, which nothing here can check."


@pytest.mark.parametrize(
    ("tier", "badge", "shown"),
    [
        ("empirical", "Exact", "Empirical"),
        ("certified", "Exact", "Certified ball"),
        ("certified", "Gold", "Certified ball"),
        ("certified", "Certified head", "Certified head"),
    ],
)
def test_no_badge_says_more_than_the_tier(install: Install, tier: str, badge: str, shown: str) -> None:
    install(push=f"made('push', {tier!r}, {badge!r})")
    assert (registry.info("push").tier, registry.info("push").badge) == (tier, shown)


def test_a_package_cannot_pass_its_operator_off_as_one_of_ours(install: Install) -> None:
    install(push="made('push', package='napari-unlearn 9')")
    assert registry.info("push").package == "elsewhere 1.2"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit('bye')", "SystemExit: bye"),
        ("None", "its entry point names a NoneType, not an OperatorInfo"),
        ("made('Push It')", "its name 'Push It' is not made of small letters, digits and single hyphens"),
        ("made('../push')", "its name '../push' is not made of small letters, digits and single hyphens"),
        ("made('exact-refit')", "this program already has an operator of that name"),
        ("made('push', 'magic')", "its tier 'magic' is none of exact, certified, empirical"),
        ("made('push', summary='')", "it has no summary"),
        ("made('push', settings=dict)", "its settings are not a subclass of Settings"),
        ("made('push', settings=Loose)", "its setting 'force' is not a number with a range and an explanation"),
        (
            "made('push', settings=dataclass(frozen=True)(type('W', (Settings,), {'__annotations__': {'force': float},"
            " 'force': number(9.0, 0.0, 1.0, 'How hard.')})))",
            "force must lie between 0.0 and 1.0, not 9.0",
        ),
    ],
)
def test_a_broken_one_is_left_out_in_one_sentence(
    install: Install, caplog: pytest.LogCaptureFixture, expression: str, reason: str
) -> None:
    install(push=expression)
    ours = [entry for entry in registry.available() if entry.package]
    assert ours == []
    (missing,) = registry.left_out()
    assert (missing.name, missing.package) == ("push", "elsewhere 1.2")
    assert missing.reason == f"Operator 'push' of elsewhere 1.2 was left out: {reason}."
    # Asked again, it is not reported again.
    registry.available()
    assert [record.message for record in caplog.records] == [missing.reason]
    assert caplog.records[0].levelno == logging.WARNING


def test_one_broken_operator_does_not_take_the_others_with_it(install: Install) -> None:
    install(good="made('good')")
    install("other-kit", bad="1 / 0")
    assert registry.info("good").package == "elsewhere 1.2"
    assert [entry.name for entry in registry.left_out()] == ["bad"]


def test_a_module_that_is_not_there_is_reported(install: Install, tmp_path: Path) -> None:
    install(push="made('push')")
    (tmp_path / "elsewhere.py").unlink()
    clear()
    (missing,) = registry.left_out()
    assert missing.reason == (
        "Operator 'push' of elsewhere 1.2 was left out: ModuleNotFoundError: No module named 'elsewhere'."
    )


def test_of_two_packages_with_the_same_name_the_first_wins(install: Install) -> None:
    install("zebra-kit", push="made('push')")
    install("elsewhere", push="made('push')")
    assert registry.info("push").package == "elsewhere 1.2"
    (missing,) = registry.left_out()
    assert missing.reason == (
        "Operator 'push' of zebra-kit 1.2 was left out: elsewhere 1.2 already has an operator of that name."
    )


def test_asking_for_one_that_was_left_out_tells_why(install: Install) -> None:
    install(push="1 / 0")
    with pytest.raises(UserError, match="Operator 'push' of elsewhere 1.2 was left out: ZeroDivisionError"):
        registry.info("push")


def test_an_operator_is_imported_when_it_is_used(install: Install, tmp_path: Path) -> None:
    install(push="made('push')")
    registry.available()
    assert "elsewhere_run" not in sys.modules
    with pytest.raises(UserError, match=r"elsewhere_run of elsewhere 1.2 could not be imported \(No module named"):
        registry.load("push")
    (tmp_path / "elsewhere_run.py").write_text("operator = 'runs'\n")
    assert registry.load("push") == "runs"


def test_a_new_process_lists_it(install: Install, tmp_path: Path) -> None:
    install(push="made('push')", bad="1 / 0")
    (tmp_path / "elsewhere.py").write_text("from elsewhere_kit import *\npush = made('push')\n")
    code = (
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        "from napari_unlearn.cli.main import app\napp(['operators', '--json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    (push,) = (entry for entry in told["operators"] if entry["name"] == "push")
    assert (push["package"], push["tier"], push["badge"]) == ("elsewhere 1.2", "empirical", "Empirical")
    assert [entry["name"] for entry in told["left_out"]] == ["bad"]


def test_the_example_of_the_documentation_runs(install: Install, tmp_path: Path, sample: Dataset, model: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
    files = dict(re.findall(r'```\w+ title="(.+?)"\n(.*?)```', page, re.DOTALL))
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    (tmp_path / "unlearn_blend").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    metadata = tmp_path / "unlearn_blend-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"][foreign.GROUP].items())
    (metadata / "entry_points.txt").write_text(f"[{foreign.GROUP}]\n{points}")
    clear()
    assert registry.info("blend").package == "unlearn-blend 0.1"

    weights = []
    for share in (0.0, 1.0):
        out = tmp_path / f"run{share:.0f}"
        request = UnlearnRequest(sample.root, model, out, "blend", device="cpu", settings={"share": share})
        *_, last = events(request, Token())
        assert isinstance(last, Done), last
        assert (last.result.tier, last.result.epsilon) == ("empirical", None)  # type: ignore[attr-defined]
        weights.append(load_head(out / "model").weights)
    # Nothing of the way is the model in use, all of it is the one that was fitted anew.
    np.testing.assert_array_equal(weights[0], load_head(model).weights)
    assert not np.array_equal(weights[1], weights[0])


def load_head(folder: Path) -> PixelHead:
    segmenter = load_segmenter(folder)
    assert isinstance(segmenter, HeadSegmenter)
    return segmenter.head
