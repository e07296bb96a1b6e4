"""Typing commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from napari_unlearn.cli.main import app


@pytest.fixture
def type_(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A function that runs a command with arguments of any type."""
    # Wide enough that no sentence is broken.
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def told(type_: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """A function that runs a command with --json, which must succeed, and returns the one object it prints."""

    def run(*arguments: object) -> dict[str, Any]:
        result = type_(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        value = json.loads(result.stdout)
        assert isinstance(value, dict)
        return value

    return run


@pytest.fixture
def refused(type_: Callable[..., Result]) -> Callable[..., str]:
    """A function that runs a command, which must fail, and returns the one sentence on standard error."""

    def run(*arguments: object) -> str:
        result = type_(*arguments)
        assert result.exit_code == 1, (result.stdout, result.stderr)
        assert result.stdout == ""
        assert isinstance(result.exception, SystemExit)
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr
        return result.stderr.strip()

    return run
