"""Which cases to refine next."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unlearn.data.case import Case
from napari_unlearn.data.suggestion import SURROUNDINGS, Told, attributes, note_surroundings, shares, suggest
from napari_unlearn.errors import UserError


def case(number: int, diagnosis: str | None, refined: bool = False, **metadata: str) -> Case:
    fine = Path("fine.png") if refined else None
    return Case(f"c{number}", Path("i.png"), fine_path=fine, diagnosis=diagnosis, metadata=metadata)


def biased(rng: np.random.Generator, count: int = 300) -> list[Case]:
    """Rulers and ink go with melanoma, hair against it."""
    cases = []
    for i in range(count):
        melanoma = rng.random() < 0.3
        chances = {"ruler": (0.2, 0.8), "ink": (0.05, 0.5), "hair": (0.8, 0.3)}
        flags = {name: str(int(rng.random() < p[int(melanoma)])) for name, p in chances.items()}
        cases.append(case(i, "melanoma" if melanoma else "nevus", **flags))
    return cases


def differences(cases: list[Case], columns: tuple[str, ...]) -> list[float]:
    of = {(each.attribute, each.diagnosis): each.share for each in shares(cases, columns)}
    return [abs(of[name, "melanoma"] - of[name, "nevus"]) for name in sorted({name for name, _ in of})]


@pytest.mark.parametrize("seed", range(5))
def test_suggested_cases_break_what_goes_with_the_diagnosis(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cases, columns = biased(rng), ("ruler", "ink", "hair")
    chosen = [each.case for each in suggest(cases, 40, columns, rng)]
    assert len({each.id for each in chosen}) == 40
    assert sum(each.diagnosis == "melanoma" for each in chosen) == 20
    assert min(differences(cases, columns)) > 0.3
    assert max(differences(chosen, columns)) <= 0.1


def test_pairs_of_attributes_are_evened_out_too() -> None:
    # Each attribute alone is even from the start; ruler and ink together are what goes with melanoma.
    kinds = [("melanoma", "11"), ("melanoma", "00"), ("nevus", "10"), ("nevus", "01")]
    rare = [("melanoma", "10"), ("melanoma", "01"), ("nevus", "11"), ("nevus", "00")]
    cases = [
        case(i, diagnosis, ruler=flags[0], ink=flags[1]) for i, (diagnosis, flags) in enumerate(kinds * 40 + rare * 4)
    ]
    chosen = [each.case for each in suggest(cases, 16, ("ruler", "ink"), np.random.default_rng(0))]
    both = [
        np.mean([c.metadata["ruler"] == c.metadata["ink"] for c in chosen if c.diagnosis == d])
        for d in ("melanoma", "nevus")
    ]
    assert abs(both[0] - both[1]) <= 0.25


def test_refined_cases_count_and_are_not_suggested_again() -> None:
    refined = [case(i, "melanoma", True, ruler="1") for i in range(4)]
    left = [case(10, "melanoma", ruler="1"), case(11, "nevus", ruler="1"), case(12, "nevus", ruler="0")]
    (first,) = suggest([*refined, *left], 1, ("ruler",), np.random.default_rng(0))
    assert first.case.id == "c11"
    assert first.reason == "No refined case shows nevus yet."


def test_the_reason_names_the_attribute_that_the_case_works_against() -> None:
    cases = [case(i, "melanoma", True, ruler="1") for i in range(4)]
    cases += [case(10 + i, "nevus", True, ruler=str(i % 2)) for i in range(8)]
    cases += [case(20, "melanoma", ruler="0"), case(21, "melanoma", ruler="1")]
    (first,) = suggest(cases, 1, ("ruler",), np.random.default_rng(0))
    assert first.case.id == "c20"
    assert first.reason == (
        "So far 100% of the refined melanoma cases and 50% of the others have ruler; this melanoma case does not."
    )


def test_every_beginning_is_what_fewer_suggestions_would_be() -> None:
    cases = biased(np.random.default_rng(1))
    many = suggest(cases, 20, ("ruler", "hair"), np.random.default_rng(3))
    few = suggest(cases, 7, ("ruler", "hair"), np.random.default_rng(3))
    assert few == many[:7]


def test_without_attributes_the_diagnoses_are_evened_out() -> None:
    chosen = suggest(biased(np.random.default_rng(2)), 10, (), np.random.default_rng(0))
    assert sum(each.case.diagnosis == "nevus" for each in chosen) == 5


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans()), min_size=1, max_size=30))
def test_no_table_breaks_it(rows: list[tuple[str, str, bool]]) -> None:
    cases = [case(i, diagnosis, refined, site=site) for i, (diagnosis, site, refined) in enumerate(rows)]
    left = [each for each in cases if not each.is_refined]
    if not left:
        with pytest.raises(UserError, match="nothing to suggest"):
            suggest(cases, 5, ("site",), np.random.default_rng(0))
        return
    found = suggest(cases, 5, ("site",), np.random.default_rng(0))
    assert len(found) == min(5, len(left))
    assert {each.case.id for each in found} <= {each.id for each in left}


def test_attributes_are_columns_with_a_few_values() -> None:
    cases = [case(i, "nevus", ruler=str(i % 2), age=str(i), clinic="one") for i in range(40)]
    assert attributes(cases) == ("ruler",)


def test_unusable_columns_are_refused_in_words() -> None:
    cases = [case(i, "nevus", age=str(i)) for i in range(40)]
    with pytest.raises(UserError, match="'age' has 40 different values"):
        suggest(cases, 1, ("age",), np.random.default_rng(0))
    with pytest.raises(UserError, match="no column 'ruler' to even out; it has: age"):
        suggest(cases, 1, ("ruler",), np.random.default_rng(0))


def around(number: int, diagnosis: str, like: str | None, refined: bool = False) -> Case:
    told = {} if like is None else {f"c{number}": Told(like, 0.0)}
    return note_surroundings([case(number, diagnosis, refined)], told)[0]


def test_surroundings_become_a_column_of_the_cases_that_have_them() -> None:
    cases = [case(0, "nevus", ruler="1"), case(1, "nevus")]
    found = note_surroundings(cases, {"c0": Told("melanoma", 0.5)})
    assert found[0].metadata == {"ruler": "1", SURROUNDINGS: "melanoma"}
    assert found[1] == cases[1]
    assert SURROUNDINGS not in cases[0].metadata


def test_cases_that_their_surroundings_misrepresent_come_as_often_as_the_others() -> None:
    misled = {("melanoma", 3), ("melanoma", 7), ("nevus", 3), ("nevus", 5)}
    other = {"melanoma": "nevus", "nevus": "melanoma"}
    cases = [
        around(20 * k + i, name, other[name] if (name, i) in misled else name)
        for k, name in enumerate(other)
        for i in range(20)
    ]
    chosen = suggest(cases, 8, (SURROUNDINGS,), np.random.default_rng(0))
    assert differences([each.case for each in chosen], (SURROUNDINGS,))[0] <= 0.25
    found = [each for each in chosen[2:] if each.case.metadata[SURROUNDINGS] != each.case.diagnosis]
    assert len(found) > 1
    for each in found:
        like = other[each.case.diagnosis or ""]
        assert each.reason == f"Its surroundings look like those of {like} cases, but it is {each.case.diagnosis}."


def test_the_reason_says_in_a_sentence_what_the_surroundings_have_to_do_with_it() -> None:
    done = [around(i, "nevus", "nevus", True) for i in range(3)]
    (first,) = suggest([*done, around(9, "melanoma", "nevus")], 1, (SURROUNDINGS,), np.random.default_rng(0))
    assert first.reason == (
        "No refined case shows melanoma yet, and the surroundings of this one look like those of nevus cases."
    )
    done += [around(3, "melanoma", "nevus", True)]
    (first,) = suggest([*done, around(9, "melanoma", "melanoma")], 1, (SURROUNDINGS,), np.random.default_rng(0))
    assert first.reason == "There are fewest refined cases of melanoma, and this one keeps their attributes even."
    done += [around(4, "nevus", "melanoma", True)]
    (first,) = suggest([*done, around(9, "melanoma", "melanoma")], 1, (SURROUNDINGS,), np.random.default_rng(0))
    assert first.reason == (
        "Its surroundings look like those of other melanoma cases, which few refined ones show so far."
    )
    (first,) = suggest([*done, around(9, "melanoma", None)], 1, (SURROUNDINGS,), np.random.default_rng(0))
    assert first.reason == "It shows nothing beside the lesion that could tell it is melanoma."


def test_surroundings_that_are_not_evened_out_are_no_reason() -> None:
    (first,) = suggest([around(0, "melanoma", "nevus")], 1, (), np.random.default_rng(0))
    assert first.reason == "No refined case shows melanoma yet."


def test_of_cases_that_serve_equally_well_the_most_misleading_surroundings_come_first() -> None:
    told = {f"c{i}": Told("nevus", float(gap)) for i, gap in enumerate([0.1, 0.9, 0.5, 0.7])}
    cases = [*note_surroundings([case(i, "melanoma") for i in range(4)], told), case(4, "melanoma")]
    found = suggest(cases, 5, (), np.random.default_rng(0), told)
    assert [each.case.id for each in found] == ["c1", "c3", "c2", "c0", "c4"]
