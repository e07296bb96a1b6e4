from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_unlearn.evaluation.feature_space import FeatureSpace
from napari_unlearn.jobs.trajectory import BY_CHANCE, DICE
from napari_unlearn.privacy.certificate import Assumption
from napari_unlearn.report.content import COMMAND, Content
from napari_unlearn.report.curves import Curve, Level
from napari_unlearn.report.facts import RunFacts
from napari_unlearn.report.figures import CaseFigure, Picture
from napari_unlearn.report.page import render
from napari_unlearn.report.paths import PathRemover

VOID = {"meta", "img", "br"}
NASTY = '<script>alert(1)</script><img src=x onerror="alert(2)">&amp;\'"`{{ 7*7 }}</style>'
PIXEL = "data:image/png;base64,iVBORw0KGgo="
SECTIONS = [
    *("short", "asked", "forgotten", "pictures", "numbers", "curves", "space", "certificate", "limits", "provenance")
]

Parse = Callable[[str], Any]


def links(page: Any) -> list[str]:
    """Everything that a browser might load or go to."""
    names = ("href", "src", "srcset", "action", "data", "poster", "xlink:href", "formaction", "ping", "background")
    return [value or "" for _, attributes in page.tags for name, value in attributes.items() if name in names]


def require_whole(page: Any) -> None:
    assert sorted(tag for tag, _ in page.tags if tag not in VOID) == sorted(page.ends)


def nasty(facts: RunFacts, text: str) -> Content:
    """A report in which everything that anybody may have written is `text`."""
    record = facts.certificate
    record = dataclasses.replace(
        record,
        operator=text,
        noise=text,
        assumptions=(Assumption(text, text, False),),
        tensors=(dataclasses.replace(record.tensors[0], provenance=text, names=(text,)),),
        hashes={text: text},
        versions={text: text},
        parameters={text: 1.0},
    )
    curve = dataclasses.replace(facts.curves[0], name=text)
    way = Curve(DICE, ((0, 0.5), (1, 0.6)), ((0, 0.4, 0.6), (1, 0.5, 0.7)), (Level(text, 0.5, 0.4, 0.6),), text)
    three = (text, text, text)
    space = FeatureSpace(three, (text,), np.eye(3, 2)[None], (0.5, 0.5), three, three, three)
    split = {
        "dice": 0.5, "auroc": None, "leakage": None, "counterfactual_shift": None, "cases": 3,
        "leakage_per_artefact": {text: 0.5},
    }  # fmt: skip
    figure = CaseFigure(text, (Picture(PIXEL, text, text),))
    return Content(
        dataclasses.replace(
            facts,
            name=text,
            certificate=record,
            failures=(text,),
            stopped=text,
            curves=(curve, way),
            model={"classes": ["background", text], "positive": 1, "trainable": text, "trained_on": text},
            encoder={"name": text, "trained_on": text},
            operator=None,
        ),
        after={"splits": {text: split}},
        measured=text,
        forgotten=(figure,),
        predicted=(figure,),
        places={text: text},
        space=space,
    )


def test_every_section_is_there_and_linked(measured: Content, parse: Parse) -> None:
    page = parse(render(measured, str))
    require_whole(page)
    assert [section["id"] for section in page.all("section")] == SECTIONS
    assert links(page) == [f"#{name}" for name in SECTIONS]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(section["aria-labelledby"] in ids for section in page.all("section"))


def test_whatever_is_written_anywhere_is_escaped(facts: RunFacts, parse: Parse) -> None:
    html = render(nasty(facts, NASTY), str)
    page = parse(html)
    require_whole(page)
    assert page.all("script") == []
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert all(link.startswith(("#", "data:image/")) for link in links(page))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1).filter(str.strip) | st.from_regex(r"[<>&\"'{}%#/ ]*[a-z<>&\"'=]{1,9}", fullmatch=True))
def test_no_text_changes_the_structure_of_the_page(facts: RunFacts, parse: Parse, text: str) -> None:
    page, plain = parse(render(nasty(facts, text), str)), parse(render(nasty(facts, "plain"), str))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(attributes) for _, attributes in page.tags] == [sorted(attributes) for _, attributes in plain.tags]
    assert links(page) == links(plain)


def test_nothing_is_loaded_and_nothing_may_run(measured: Content, parse: Parse) -> None:
    html = render(measured, str)
    page = parse(html)
    assert re.search(r"https?:|//[a-z]|@import|url\(", html) is None
    assert page.all("link") == page.all("script") == page.all("iframe") == []
    assert not any("style" in attributes for _, attributes in page.tags)
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    css = html.split("<style>", 1)[1].split("</style>", 1)[0]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_both_themes_paper_and_phones_are_provided_for(measured: Content) -> None:
    html = render(measured, str)
    for rule in ("@media (prefers-color-scheme: dark)", "@media print", "@media (max-width: 40rem)"):
        assert html.count(rule) == 1
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in html


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_text_can_be_read_in_every_theme(measured: Content, theme: int) -> None:
    html = render(measured, str)
    rules = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    assert len(rules) == 3
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", rules[theme]))
    for paper in ("page", "panel"):
        for ink in ("text", "soft", "link", "before", "after", "good", "bad", "exact", "certified", "empirical"):
            light, dark = sorted((luminance(colours[paper]), luminance(colours[ink])), reverse=True)
            # 4.5 to 1 is what WCAG 2 asks of text.
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (paper, ink)


def test_a_certified_run_states_its_budget(certified: RunFacts, parse: Parse) -> None:
    text = parse(render(Content(certified), str)).text
    assert "Certified: ε = 1.25, δ = 3e-6" in text
    assert f"{len(certified.certificate.assumptions)} assumptions, each listed with its check" in text


def test_an_empirical_run_shows_no_budget_whatever_it_was_given(empirical: RunFacts, parse: Parse) -> None:
    text = parse(render(Content(empirical), str)).text
    assert "Empirical: nothing is guaranteed" in text
    assert re.search(r"[εδμ]\s*=|epsilon\W+\d|delta\W+\d", text) is None
    assert "An empirical run has no ε and no δ." in text
    assert "the claim follows" not in text


def test_test_mode_is_the_first_thing_to_be_seen(
    altered: Callable[..., RunFacts], parse: Parse, facts: RunFacts
) -> None:
    nothing = {"tier": "empirical", "mechanism": "none", "epsilon": None, "delta": None, "mu": None}
    page = parse(render(Content(altered(noise="fixed seed 3, for tests", **nothing)), str))
    assert page.text.split("napari-unlearn")[0].count("TEST MODE – NOT CERTIFIED") <= 1
    body = page.text[page.text.index("TEST MODE") :]
    assert body.index("TEST MODE") < body.index("Unlearning report")
    assert page.text.count("Test mode: not certified") == 2  # on top and in the certificate
    assert "TEST MODE" not in parse(render(Content(facts), str)).text


def test_a_run_that_does_not_verify_says_so_on_top(facts: RunFacts, parse: Parse) -> None:
    broken = dataclasses.replace(facts, failures=("model/model.json was altered after the run.",))
    text = parse(render(Content(broken), str)).text
    assert "THIS RUN DOES NOT VERIFY" in text
    assert "model/model.json was altered after the run." in text
    assert "Nothing of them is left" not in text
    assert "DOES NOT VERIFY" not in parse(render(Content(facts), str)).text


def test_what_is_missing_is_named_with_the_command_that_makes_it(facts: RunFacts, parse: Parse) -> None:
    text = parse(render(Content(facts, measured="They need a data set, and none was given."), str)).text
    assert text.count("Not in this report:") == 4
    assert text.count(COMMAND) == 4
    without = dataclasses.replace(facts, curves=(), metrics={})
    assert "the folder holds no log" in parse(render(Content(without), str)).text


def test_numbers_stand_with_their_intervals(measured: Content, parse: Parse) -> None:
    text = parse(render(measured, str)).text
    assert "0.0123 −0.0011 to 0.0301" in text
    assert "Not measured: a diagnosis is missing" in text
    assert "Not measured: it takes two measured splits" in text


def test_tables_and_pictures_can_be_read_aloud(facts: RunFacts, measured: Content, parse: Parse) -> None:
    figure = CaseFigure("a", (Picture(PIXEL, "what it shows", "a"),))
    page = parse(render(dataclasses.replace(measured, forgotten=(figure,), predicted=(figure,)), str))
    assert [image["alt"] for image in page.all("img")] == ["what it shows", "what it shows"]
    assert all(cell.get("scope") for cell in page.all("th"))
    drawings = page.all("svg")
    assert len(drawings) == 3 + len([curve for curve in facts.curves if curve.name != BY_CHANCE])  # beside the leakage
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)


def test_every_assumption_stands_with_its_check(facts: RunFacts, parse: Parse) -> None:
    text = parse(render(Content(facts), str)).text
    for entry in facts.certificate.assumptions:
        assert " ".join(entry.sentence.split()) in text
        assert " ".join(entry.checked.split()) in text
    for digest in (*facts.certificate.hashes.values(), facts.digest):
        assert digest in text


def test_places_are_taken_out_of_every_text_but_pictures(facts: RunFacts) -> None:
    html = render(nasty(facts, "see /home/annabel/study/x.png"), PathRemover([]))
    assert "annabel" not in html
    assert "see …/x.png" in html
    assert PIXEL in html


def test_a_whole_withdrawal_and_an_early_end_are_told(facts: RunFacts, parse: Parse) -> None:
    special = dataclasses.replace(facts, stopped="It collapsed.", metrics={**facts.metrics, "forgotten_cases": 4})
    text = parse(render(Content(special), str)).text
    assert "4 whole cases were withdrawn" in text
    assert text.count("It collapsed.") == 2


def test_a_paired_difference_has_one_number(facts: RunFacts, numbers: dict[str, Any], parse: Parse) -> None:
    split = {
        **numbers["splits"]["test_aligned"],
        "leakage_difference": {"value": -0.02, "low": -0.03, "high": -0.01, "note": "Read this."},
    }
    before = {"splits": {"test": numbers["splits"]["test_aligned"]}}
    text = parse(render(Content(facts, after={"splits": {"test": split}}, before=before), str)).text
    assert "Change of leakage −0.0200 −0.0300 to −0.0100 Read this." in text
