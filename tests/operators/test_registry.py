"""The list of operators."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_unlearn.errors import UserError
from napari_unlearn.operators.info import TIERS
from napari_unlearn.operators.registry import available, info, load


def test_operators_stand_in_the_order_of_their_guarantee() -> None:
    ranks = [TIERS.index(entry.tier) for entry in available()]
    assert ranks == sorted(ranks)
    badges = list(dict.fromkeys(entry.badge for entry in available()))
    assert badges == ["Exact", "Certified head", "Certified ball", "Empirical"]
    assert available()[0].name == "exact-refit"


def test_names_are_unique_and_find_their_operator() -> None:
    assert len({entry.name for entry in available()}) == len(available())
    for entry in available():
        assert info(entry.name) is entry
        assert load(entry.name) is load(entry.name)
        assert callable(load(entry.name).steps)
        assert type(load(entry.name)).__module__ == entry.module


@pytest.mark.parametrize("look_up", [info, load])
def test_an_unknown_operator_is_refused_with_the_known_ones(look_up: object) -> None:
    with pytest.raises(UserError, match=r"no operator 'magic'; choose one of exact-refit, residual-head, "):
        look_up("magic")  # type: ignore[operator]


def test_only_certified_operators_use_a_budget() -> None:
    assert {entry.tier for entry in available() if entry.uses_budget} == {"certified"}


def test_everything_about_an_operator_can_be_printed() -> None:
    for entry in available():
        parameters = json.loads(json.dumps(entry.parameters))
        assert {"strength", "pixels", "corrected"} <= parameters.keys()
        for facts in parameters.values():
            assert facts.keys() == {"default", "low", "high", "explanation"}
            assert facts["explanation"].endswith(".")
        assert entry.summary.endswith(".")
        assert entry.source


def test_asking_what_there_is_loads_nothing_slow() -> None:
    modules = [
        "operators.registry",
        "operators.settings",
        *(f"jobs.{job}" for job in ("train", "predict", "unlearn", "evaluate")),
    ]
    imports = "".join(f"import napari_unlearn.{module}\n" for module in modules)
    code = f"import sys\n{imports}from napari_unlearn.operators.registry import available\navailable()\n"
    slow = "torch", "segmentation_models_pytorch", "timm", "torchvision"
    code += f"sys.stdout.write(' '.join(name for name in {slow!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_documentation_explains_every_operator_and_lists_it() -> None:
    root = Path(__file__).parents[2]
    script = [sys.executable, str(root / "scripts" / "list_operators.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
