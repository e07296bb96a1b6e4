"""Records to report of, and pages taken apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import RunFacts, read_run

EMPIRICAL = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
NUMBERS = {
    "splits": {
        name: {
            "dice": dice,
            "dice_per_class": [0.9, dice, None],
            "auroc": auroc,
            "leakage": {"s_global": 9.0, "normalised": 0.0123, "low": -0.0011, "high": 0.0301},
            "leakage_per_artefact": {"ruler": 0.004, "gel_bubble": 0.0},
            "counterfactual_shift": -0.25,
            "cases": 20,
        }
        for name, dice, auroc in (("test_aligned", 0.8125, 0.9), ("test_conflicting", 0.75, None))
    },
    "shortcut_gap": None,
}


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ends: list[str] = []
        self.pieces: list[str] = []
        self._style = False
        self.feed(html)

    @property
    def text(self) -> str:
        """What people read, on one line."""
        return " ".join(" ".join(self.pieces).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Attributes of every tag of this name."""
        return [attributes for tag, attributes in self.tags if tag == name]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.ends.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.ends.append(tag)
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.pieces.append(data)


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Page]:
    """A function that takes a page apart."""
    return Page


@pytest.fixture(scope="session")
def facts(run: Path) -> RunFacts:
    """Of the exact run."""
    return read_run(run)


@pytest.fixture(scope="session")
def altered(facts: RunFacts) -> Callable[..., RunFacts]:
    """A function that returns the facts with other fields in the certificate."""

    def change(**fields: Any) -> RunFacts:
        return dataclasses.replace(facts, certificate=dataclasses.replace(facts.certificate, **fields))

    return change


@pytest.fixture(scope="session")
def empirical(altered: Callable[..., RunFacts]) -> RunFacts:
    """Of an empirical run."""
    return altered(**EMPIRICAL)


@pytest.fixture(scope="session")
def certified(altered: Callable[..., RunFacts]) -> RunFacts:
    """Of a certified run."""
    return altered(tier="certified", mechanism="residual", epsilon=1.25, delta=3e-6, mu=0.375)


@pytest.fixture(scope="session")
def numbers() -> dict[str, Any]:
    """What evaluate --json prints."""
    return NUMBERS


@pytest.fixture(scope="session")
def measured(facts: RunFacts, numbers: dict[str, Any]) -> Content:
    """A report with numbers of both models and without pictures."""
    return Content(facts, after=numbers, before=numbers, measured="Measured just now.")
