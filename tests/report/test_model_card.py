from __future__ import annotations

import dataclasses
import re
from typing import Any

from napari_unlearn.privacy.certificate import Assumption
from napari_unlearn.report.content import Content
from napari_unlearn.report.facts import RunFacts
from napari_unlearn.report.model_card import model_card


def test_the_card_says_what_the_model_is_and_what_is_guaranteed(facts: RunFacts, certified: RunFacts) -> None:
    card = model_card(Content(facts), str)
    assert card.startswith("# Model card: ")
    headings = re.findall(r"^## (.*)$", card, re.MULTILINE)
    assert headings == [
        "Model", "Intended use", "What it learned from", "What was unlearned", "Guarantee", "Numbers", "Provenance",
    ]  # fmt: skip
    assert "Not a medical device" in card
    assert facts.certificate.hashes["model_out"] in card
    assert "| ε |" not in card
    assert "| ε | 1.25 |" in model_card(Content(certified), str)


def test_an_empirical_card_has_no_budget(empirical: RunFacts) -> None:
    card = model_card(Content(empirical), str)
    assert "Empirical: nothing is guaranteed" in card
    assert re.search(r"[εδ]\s*=|\| [εδμ]", card) is None


def test_the_card_tells_nothing_of_the_model_before(facts: RunFacts, numbers: dict[str, Any]) -> None:
    before = {"splits": {"test_aligned": {**numbers["splits"]["test_aligned"], "dice": 0.1357}}, "shortcut_gap": 0.2468}
    card = model_card(Content(facts, after=numbers, before=before, measured="Measured."), str)
    assert "0.812" in card
    assert "this report" not in card
    assert "0.136" not in card
    assert "0.247" not in card
    assert facts.certificate.hashes["model_in"] not in card
    assert facts.certificate.hashes["forget_masks"] not in card


def test_numbers_that_are_missing_are_named(facts: RunFacts, numbers: dict[str, Any]) -> None:
    assert "Not measured for this card. `napari-unlearn report" in model_card(Content(facts), str)
    card = model_card(Content(facts, after=numbers, measured="Measured."), str)
    assert "not measured: a diagnosis is missing" in card
    assert "0.0123 \\(−0.0011 to 0.0301\\)" in card


def test_nothing_that_anybody_wrote_is_markup(facts: RunFacts) -> None:
    text = "<b>x</b>\n# [a](javascript:b) | `c`"
    record = dataclasses.replace(facts.certificate, assumptions=(Assumption(text, text, False),))
    card = model_card(Content(dataclasses.replace(facts, certificate=record)), str)
    escaped = r"\<b\>x\</b\> \# \[a\]\(javascript:b\) \| \`c\`"
    assert f"- {escaped} {escaped} **Does not hold.**" in card
    assert "<b>" not in card.replace(r"\<b\>", "")


def test_paths_are_taken_out_before_anything_is_escaped(facts: RunFacts) -> None:
    assert "X" not in model_card(Content(facts), lambda text: "y")
