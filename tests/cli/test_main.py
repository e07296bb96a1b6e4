"""The command line as a whole."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

COMMANDS = ("sample", "train", "unlearn", "compose", "evaluate", "predict", "export", "verify", "operators", "demo")


def test_help_lists_every_command(type_: Callable[..., Result]) -> None:
    result = type_("--help")
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_and_speaks_json(type_: Callable[..., Result], command: str) -> None:
    result = type_(command, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "train",
        "train somewhere",
        "unlearn dataset",
        "unlearn dataset model --out run --epsilon much",
        "unlearn dataset model --out run --setting pixels",
        "unlearn dataset model --out run --setting pixels=many",
        "evaluate dataset",
        "predict dataset model",
        "export run",
        "verify",
        "operators --loud",
    ],
)
def test_a_command_that_makes_no_sense_exits_with_2(type_: Callable[..., Result], line: str) -> None:
    result = type_(*line.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr


def test_help_comes_without_loading_anything_slow() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom napari_unlearn.cli.main import app\n"
        "assert CliRunner().invoke(app, ['unlearn', '--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['operators', '--json']).exit_code == 0\n"
        "slow = 'torch', 'timm', 'segmentation_models_pytorch', 'napari', 'qtpy'\n"
        "sys.stdout.write(' '.join(name for name in slow if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_logs_stay_off_standard_output(type_: Callable[..., Result]) -> None:
    before = logging.root.handlers[:]
    try:
        assert "operators" not in type_("operators", "--json").stderr
    finally:
        logging.root.handlers[:] = before
