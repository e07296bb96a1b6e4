"""Choosing cases by what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unlearn.data.case import Case
from napari_unlearn.data.criterion import Condition, chosen_cases, columns, matching, parse_criterion
from napari_unlearn.errors import UserError


def case(case_id: str, diagnosis: str = "benign", **metadata: str) -> Case:
    return Case(case_id, Path(f"{case_id}.png"), split="train", diagnosis=diagnosis, metadata=metadata)


CASES = (
    case("a", site="Vienna", device="HX-20", acquired="2018-05-01", age="9"),
    case("b", "malignant", site="Lyon", device="HX-20", acquired="2019-07-01", age="61"),
    case("c", site="vienna", device="D 3 and more", acquired="", age="100"),
    case("d", site="Graz"),
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("site = Vienna", "ac"),
        ("site==Vienna", "ac"),
        ("site != Vienna", "bd"),
        ("diagnosis = malignant", "b"),
        ("id=d", "d"),
        ("split = train", "abcd"),
        ("acquired < 2019-07-01", "a"),
        ("acquired <= 2019-07-01", "ab"),
        ("age > 10", "bc"),
        ("age >= 61 and site = Lyon", "b"),
        ("site = Graz or site = Lyon", "bd"),
        ("site = Graz or device = HX-20 and age < 10", "ad"),
        ("device = 'D 3 and more'", "c"),
        ('"site" = "Graz"', "d"),
    ],
)
def test_it_picks_the_cases_that_fit(text: str, ids: str) -> None:
    assert "".join(found.id for found in matching(CASES, parse_criterion(text))) == ids


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no condition"),
        ("site", "is no condition"),
        ("site =", "is no condition"),
        ("= Vienna", "is no condition"),
        ("site = Vienna and", "is no condition"),
    ],
)
def test_what_is_no_criterion_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse_criterion(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sight = Vienna", "no column 'sight' to choose cases by; it has: acquired, age, device, diagnosis, id, site"),
        ("site = Rome", "No case fits 'site = Rome', so there is nothing to forget"),
        ("site < 3", "Case a has 'Vienna' in the column site, which is neither before nor after '3'"),
        ("acquired < 3", "neither before nor after"),
    ],
)
def test_a_criterion_that_makes_no_sense_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        matching(CASES, parse_criterion(text))


def test_a_value_may_hold_a_comparison() -> None:
    assert parse_criterion("note = a<b").groups == ((Condition("note", "=", "a<b"),),)


@given(st.text(max_size=40))
def test_any_text_is_taken_apart_or_refused_with_a_sentence(text: str) -> None:
    try:
        criterion = parse_criterion(text)
    except UserError:
        return
    assert all(condition.column and condition.value for group in criterion.groups for condition in group)


def test_cases_with_a_mask_are_chosen_and_all_that_fit_leave_the_rest() -> None:
    mask = Path("mask.png")
    cases = [
        Case("a", mask, coarse_path=mask, metadata={"site": "Graz"}),
        Case("b", mask, metadata={"site": "Graz"}),
        Case("c", mask, coarse_path=mask, metadata={"site": "Wien", "device": "HX"}),
    ]
    chosen, rest = chosen_cases(cases, "site = Graz")
    assert ([case.id for case in chosen], [case.id for case in rest]) == (["a"], ["c"])
    assert columns(cases) == ["device", "diagnosis", "id", "site", "split"]
    with pytest.raises(UserError, match="None of the 1 training cases that fit 'id = b' has a mask"):
        chosen_cases(cases, "id = b")
    with pytest.raises(UserError, match="No training case with a coarse mask is left"):
        chosen_cases(cases, "id != b")
