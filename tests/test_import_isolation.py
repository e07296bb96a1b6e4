"""Who may import what, seen at run time: static contracts cannot see an import made by a third party."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import napari_unlearn

SOURCE = Path(napari_unlearn.__file__).parent
WINDOW = ("PyQt6", "PySide6", "magicgui", "napari", "pyqtgraph", "qtpy", "superqt")
HEAVY = ("matplotlib", "segmentation_models_pytorch", "timm", "torch", "torchvision")
MODULES = tuple(
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
)
IN_WINDOW = tuple(name for name in MODULES if name.startswith("napari_unlearn.plugin"))
HEADLESS = tuple(name for name in MODULES if name not in IN_WINDOW)

# A fresh interpreter imports MODULES with BLOCKED out of reach, then says which of WATCHED were loaded on the way.
PROBE = """
import importlib, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is out of reach in this test")

sys.meta_path.insert(0, Block())
for module in {modules!r}:
    importlib.import_module(module)
sys.stdout.write(" ".join(name for name in {watched!r} if name in sys.modules))
"""


def loaded(modules: tuple[str, ...], *, watched: tuple[str, ...], blocked: tuple[str, ...] = ()) -> str:
    """Names among `watched` that importing `modules` in a new interpreter loads, separated by spaces."""
    code = PROBE.format(modules=modules, watched=watched, blocked=blocked)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_everything_but_the_plugin_imports_without_qt_and_napari() -> None:
    assert loaded(HEADLESS, watched=WINDOW, blocked=WINDOW) == ""


def test_the_package_itself_is_light() -> None:
    assert loaded(("napari_unlearn",), watched=("numpy", *HEAVY, *WINDOW)) == ""


def test_the_version_is_looked_up_when_it_is_asked_for() -> None:
    assert loaded(("napari_unlearn",), watched=("importlib.metadata",)) == ""
    assert napari_unlearn.__version__ == version("napari-unlearn")
    with pytest.raises(AttributeError, match="no attribute 'edition'"):
        _ = napari_unlearn.edition


def test_help_loads_the_parser_of_commands_and_no_other_library() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from napari_unlearn.cli.main import app\n"
        "try:\n    app(['--help'])\n"
        "finally:\n    print(*set(sys.modules) - before, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands:" in result.stdout
    found = set(result.stderr.split())
    assert "napari_unlearn.cli.unlearn" in found
    libraries = {name.partition(".")[0] for name in found} - sys.stdlib_module_names - {"napari_unlearn"}
    assert libraries <= {"annotated_doc", "click", "shellingham", "typer"}
    # Parts of the standard library that take as long as a library does.
    assert found.isdisjoint({"asyncio", "email.message", "http.client", "importlib.metadata", "multiprocessing", "ssl"})


@pytest.mark.parametrize("package", ["masks", "privacy", "leakage", "data", "project", "jobs", "cli"])
def test_a_package_that_must_start_fast_does_not_load_torch(package: str) -> None:
    assert loaded((f"napari_unlearn.{package}",), watched=HEAVY) == ""


def test_the_window_opens_without_torch() -> None:
    pytest.importorskip("napari")
    assert loaded(IN_WINDOW, watched=HEAVY) == ""


@pytest.mark.parametrize("package", ["masks", "privacy", "leakage"])
def test_the_packages_of_pure_numbers_know_numpy_and_scipy_only(package: str) -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "scipy"}
    for path in sorted((SOURCE / package).rglob("*.py")):
        foreign = {name for name in imports(path) if name.partition(".")[0] not in allowed}
        assert all(name.startswith(f"napari_unlearn.{package}") for name in foreign), (path.name, foreign)


def imports(path: Path) -> set[str]:
    """Every module that the file imports, at any depth."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names
