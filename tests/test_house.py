"""The rules of the house that concern files, and whether the tools that keep the other rules do bite."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import itertools
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TypeGuard

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import napari_unlearn
from napari_unlearn.cli.main import app

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "napari_unlearn"
TESTS = ROOT / "tests"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
ABOUT_THE_WHOLE = {"test_house.py", "test_import_isolation.py", "test_release.py"}


def test_every_test_module_mirrors_a_source_module() -> None:
    mirrored = {mirror(path) for path in MODULES}
    found = {path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in ("e2e", "faults")}
    assert {path.relative_to(TESTS).as_posix() for path in found - mirrored} - ABOUT_THE_WHOLE == set()


def test_every_source_module_that_does_something_has_its_tests() -> None:
    untested = [
        path.relative_to(SOURCE).as_posix() for path in MODULES if does_something(path) and not mirror(path).exists()
    ]
    assert untested == []


def test_a_module_holds_one_concept() -> None:
    assert [path.name for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_the_manifest_at_the_root_is_the_manifest_of_the_package() -> None:
    assert (ROOT / "napari.yaml").resolve() == SOURCE / "napari.yaml"


def test_the_change_log_knows_this_version() -> None:
    assert f"## [{napari_unlearn.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_diagram_of_the_architecture_allows_just_what_the_contract_allows() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    drawn = reached(arrows(diagram))
    contracts = {
        contract["id"]: contract
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    }
    layers = [layer.split(" | ") for layer in contracts["house"]["layers"] if layer != "__main__"]
    allowed = {
        (above, below)
        for place, layer in enumerate(layers)
        for above in layer
        for lower in layers[place + 1 :]
        for below in lower
    }
    package = "napari_unlearn."
    numbers = {name.removeprefix(package) for name in contracts["numbers"]["source_modules"]}
    barred = {name.removeprefix(package) for name in contracts["numbers"]["forbidden_modules"]}
    assert drawn == {(above, below) for above, below in allowed if not (above in numbers and below in barred)}
    assert {name for pair in drawn for name in pair} == {
        path.stem for path in SOURCE.iterdir() if path.suffix in ("", ".py") and not path.name.startswith("_")
    }


def test_the_lock_has_a_version_and_hashes_for_everything_that_is_asked_for() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked: dict[str, list[str]] = {}
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for entry in entries:
        pinned = re.match(r"([\w.-]+)==([^\s;]+)", entry)
        assert pinned, entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
        locked.setdefault(canonicalize_name(pinned[1]), []).append(pinned[2])
    extras = settings["project"]["optional-dependencies"]
    asked = [settings["project"]["dependencies"], *(lines for name, lines in extras.items() if name != "pyside")]
    asked += settings["dependency-groups"].values()
    for requirement in (Requirement(line) for lines in asked for line in lines if isinstance(line, str)):
        versions = locked.get(canonicalize_name(requirement.name), [])
        own = requirement.name == settings["project"]["name"]
        assert own or any(map(requirement.specifier.contains, versions)), f"{requirement}: run make lock"


def test_the_reference_of_commands_has_every_option_and_cannot_be_old() -> None:
    spec = importlib.util.spec_from_file_location("command_pages", ROOT / "scripts" / "command_pages.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    sections = dict(zip(*[iter(re.split(r"^## `(.+?)`$", hook.page(), flags=re.MULTILINE)[1:])] * 2, strict=True))
    assert list(sections) == [info.callback.__name__ for info in app.registered_commands if info.callback]
    for info in app.registered_commands:
        assert info.callback is not None
        section = sections[info.callback.__name__]
        assert (info.callback.__doc__ or "").partition("\n")[0] in section
        for option in re.findall(r'typer\.Option\(\s*"(--[a-z-]+)"', inspect.getsource(info.callback)):
            assert f"| `{option}" in section, option
    assert "| `--noise-seed" in sections["unlearn"]


def test_arrows_of_a_diagram_are_read_in_chains_and_bundles() -> None:
    found = arrows('flowchart TD\n  a["<b>a</b><br/>x"] --> b["y"] --> c & d\n  subgraph s [title]\n    c["z"]\n  end')
    assert found == {("a", "b"), ("b", "c"), ("b", "d")}
    assert reached(found) == found | {("a", "c"), ("a", "d")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r'(?:src|href)="([^"#]+)"', text)
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_targets_that_the_pages_show_exist(page: Path) -> None:
    shown = "\n".join(re.findall(r"```bash\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    commands = {info.callback.__name__ for info in app.registered_commands if info.callback}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^napari-unlearn ([a-z]+)", shown, re.MULTILINE)) <= commands
    assert set(re.findall(r"^make ([a-z]+)", shown, re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_tests_that_pages_link_to_exist(page: Path) -> None:
    links = re.findall(r"\]\(((?:\.\./)*tests/[^)#\s]+)(?:#([^)\s]*))?", page.read_text(encoding="utf-8"))
    missing = [f"{name}#{test}" for name, test in links if test not in names_of_tests((page.parent / name).resolve())]
    assert missing == []


@pytest.mark.parametrize("page", ["comparison.md", "threats.md"])
def test_pages_that_rest_on_tests_link_to_many(page: str) -> None:
    assert len(re.findall(r"\]\(\.\./tests/[\w/]+\.py#test_\w+\)", (ROOT / "docs" / page).read_text("utf-8"))) > 30


# Loading with these runs whatever a file says.
RUNS_WHAT_IT_READS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml", "imp", "code"}
RUNS_CODE = {"eval", "exec", "compile", "__import__"}
LOADS_PICKLES = {"torch.load", "torch.jit.load", "np.load", "numpy.load", "pd.read_pickle", "os.system", "os.popen"}
# The lines that go with an export are tried out before it counts; this package wrote them a moment before.
RUNS_ITS_OWN_LINES = {"export/round_trip.py"}


def test_nothing_that_is_read_is_run() -> None:
    found = {path.relative_to(SOURCE).as_posix(): ways_to_run(path) for path in SOURCE.rglob("*.py")}
    assert {name: ways for name, ways in found.items() if ways and name not in RUNS_ITS_OWN_LINES} == {}
    assert all(found[name] == ["exec", "compile"] for name in RUNS_ITS_OWN_LINES)


@pytest.mark.parametrize(
    ("line", "way"),
    [
        ("from pickle import loads", "pickle"),
        ("import joblib.memory", "joblib"),
        ("torch.load(path, weights_only=True)", "torch.load"),
        ("eval('1')", "eval"),
        ("subprocess.run(line, shell=True)", "shell=True"),
    ],
)
def test_a_way_to_run_what_is_read_would_be_seen(tmp_path: Path, line: str, way: str) -> None:
    (tmp_path / "module.py").write_text(f"def f():\n    {line}\n", encoding="utf-8")
    assert ways_to_run(tmp_path / "module.py") == [way]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    return zipfile.ZipFile(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def test_the_wheel_installs_one_package_and_nothing_beside_it(wheel: zipfile.ZipFile) -> None:
    assert {name.split("/")[0].partition("-")[0] for name in wheel.namelist()} == {"napari_unlearn"}


def test_the_wheel_brings_manifest_types_and_sample_data(wheel: zipfile.ZipFile) -> None:
    sample = (path.relative_to(ROOT / "sample_data") for path in (ROOT / "sample_data").rglob("*") if path.is_file())
    wanted = {f"napari_unlearn/_sample_data/{path.as_posix()}" for path in sample if "__pycache__" not in path.parts}
    assert wanted
    assert {"napari_unlearn/napari.yaml", "napari_unlearn/py.typed", *wanted} <= set(wheel.namelist())


def test_the_source_distribution_builds_the_same_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    packed = next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (folder,) = (tmp_path / "unpacked").iterdir()
    built = next(WheelBuilder(str(folder)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(built) as again:
        assert sorted(again.namelist()) == sorted(wheel.namelist())
        # The list of digests names every other file with its own.
        (record,) = (name for name in wheel.namelist() if name.endswith("/RECORD"))
        assert sorted(again.read(record).splitlines()) == sorted(wheel.read(record).splitlines())


def test_the_wheel_leaves_the_choice_of_qt_to_the_user(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    required = Parser().parsestr(wheel.read(metadata).decode()).get_all("Requires-Dist", [])
    always = [line for line in required if "extra ==" not in line]
    assert any(line.startswith("qtpy") for line in always)
    assert [line for line in always if re.match(r"(napari|pyqt[56]|pyside[26])\b", line, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("place", "line", "rule"),
    [
        ("data/example.py", "import qtpy", "TID251"),
        ("cli/example.py", "import napari", "TID251"),
        ("plugin/example.py", "import torch", "TID253"),
        ("plugin/sub/example.py", "from matplotlib import pyplot", "TID253"),
        ("masks/example.py", "from . import nesting", "TID252"),
        ("jobs/example.py", "print()", "T201"),
    ],
)
def test_the_linter_refuses_what_the_house_forbids(place: str, line: str, rule: str) -> None:
    assert rule in ruff(place, line)


@pytest.mark.parametrize(
    ("place", "line"), [("plugin/example.py", "import qtpy"), ("models/example.py", "import torch")]
)
def test_the_linter_allows_what_belongs_there(place: str, line: str) -> None:
    assert "TID" not in ruff(place, line)


def ruff(place: str, line: str) -> str:
    """What ruff says to a module of the package that consists of one line."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--output-format=concise",
        f"--stdin-filename={SOURCE / place}",
        "-",
    ]
    return subprocess.run(command, input=f"{line}\n", capture_output=True, text=True, cwd=ROOT, check=False).stdout


def arrows(diagram: str) -> set[tuple[str, str]]:
    """Pairs of names that a mermaid flowchart joins."""
    found: set[tuple[str, str]] = set()
    for line in re.sub(r'\["[^"]*"\]', "", diagram).splitlines():
        ends = [[name.strip() for name in part.split("&")] for part in line.split("-->")]
        found |= {(a, b) for left, right in itertools.pairwise(ends) for a in left for b in right}
    return found


def reached(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs, and all that can be reached along them."""
    while longer := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs = pairs | longer
    return pairs


def mirror(path: Path) -> Path:
    """Where the tests of a source module are."""
    relative = path.relative_to(SOURCE)
    return TESTS / relative.parent / f"test_{relative.name.lstrip('_')}"


def does_something(path: Path) -> bool:
    """Whether a module defines a function or a method, rather than names and types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def names_of_tests(path: Path) -> set[str]:
    """Names of the tests of a module; none where there is no such file."""
    if not path.is_file():
        return set()
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if is_test(node)} | {""}


def is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether pytest would run it."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def ways_to_run(path: Path) -> list[str]:
    """Everything in a module that could run what a file holds."""
    ways: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                ways += [root for name in names if (root := name.name.split(".")[0]) in RUNS_WHAT_IT_READS]
            case ast.ImportFrom(module=str(name)) if name.split(".")[0] in RUNS_WHAT_IT_READS:
                ways.append(name.split(".")[0])
            case ast.Call(func=ast.Name(id=name)) if name in RUNS_CODE:
                ways.append(name)
            case ast.Call(func=ast.Attribute() as called) if ast.unparse(called) in LOADS_PICKLES:
                ways.append(ast.unparse(called))
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                ways.append("shell=True")
    return ways
