"""AUROC within groups."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.evaluation.groups import GroupAuroc, check_groups, group_aurocs


def cases(count: int, mapped: bool = True, **columns: list[str]) -> list[Case]:
    return [
        Case(
            str(i),
            Path("none.png"),
            artefact_path=Path("map.png") if mapped else None,
            metadata={name: values[i] for name, values in columns.items()},
        )
        for i in range(count)
    ]


def by_name(found: tuple[GroupAuroc, ...]) -> dict[tuple[str, str], GroupAuroc]:
    return {(each.group, each.value): each for each in found}


SCORES = [0.9, 0.2, 0.8, 0.1, 0.3, 0.7, 0.4, 0.6]
POSITIVE = [True, False, True, False, True, False, True, False]
RULER = frozenset({"ruler"})


def test_a_model_that_is_right_without_a_ruler_and_wrong_with_it_is_seen() -> None:
    shown = [frozenset()] * 4 + [RULER] * 4
    found = by_name(group_aurocs(cases(8), shown, SCORES, POSITIVE, ["ruler"]))
    assert found["ruler", "without"].auroc is not None
    assert found["ruler", "without"].auroc.value == 1
    assert found["ruler", "with"].auroc is not None
    assert found["ruler", "with"].auroc.value == 0
    assert (found["ruler", "with"].cases, found["ruler", "with"].positive) == (4, 2)
    assert "rough" in found["ruler", "with"].note
    assert found["ruler", "with"].to_json()["low"] == 0


def test_what_the_metadata_say_overrules_the_map() -> None:
    shown = [RULER] * 8
    found = by_name(group_aurocs(cases(8, ruler=list("11110000")), shown, SCORES, POSITIVE, ["Ruler"]))
    assert found["Ruler", "with"].cases == found["Ruler", "without"].cases == 4


def test_any_column_makes_groups() -> None:
    listed = cases(8, mapped=False, **{"Dark Corner": ["yes", "no"] * 4, "site": list("aabbccdd")})
    found = by_name(group_aurocs(listed, [None] * 8, SCORES, POSITIVE, ["site", "dark_corner"]))
    assert [key for key in found if key[0] == "site"] == [("site", value) for value in "abcd"]
    assert found["dark_corner", "with"].positive == 4


def test_without_a_wish_every_artefact_that_is_known_is_measured() -> None:
    found = group_aurocs(cases(8), [RULER] * 4 + [frozenset({"ink"})] * 4, SCORES, POSITIVE)
    assert {each.group for each in found} == {
        "ruler", "ink", "gel_bubble", "gel_border", "hair", "dark_corner", "patch"
    }  # fmt: skip
    assert group_aurocs(cases(8, mapped=False), [None] * 8, SCORES, POSITIVE) == ()


def test_groups_that_tell_nothing_say_why() -> None:
    shown = [RULER if positive else frozenset() for positive in POSITIVE]
    found = by_name(group_aurocs(cases(8), shown, SCORES, POSITIVE, ["ruler"]))
    assert found["ruler", "with"].auroc is None
    assert found["ruler", "with"].note.startswith("All cases have the diagnosis")
    assert found["ruler", "without"].note.startswith("No case has the diagnosis")
    text = json.dumps([each.to_json() for each in found.values()], allow_nan=False)
    assert '"auroc": null' in text
    one = by_name(group_aurocs(cases(8), [RULER] * 3 + [frozenset()] * 5, SCORES, POSITIVE, ["ruler"]))
    assert "One case" in one["ruler", "with"].note
    assert one["ruler", "with"].auroc is not None
    assert one["ruler", "with"].auroc.low is None


@pytest.mark.parametrize(
    ("listed", "wanted", "words"),
    [
        (cases(3), "sight", "no column sight"),
        (cases(3, mapped=False), "gel bubble", "Nothing is known about gel_bubble"),
        (cases(30, number=[str(i) for i in range(30)]), "number", "30 different values"),
    ],
)
def test_what_is_no_group_is_refused_before_anything_is_computed(listed: list[Case], wanted: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_groups(listed, [wanted])
