from __future__ import annotations

import numpy as np
import pytest

from napari_unlearn.operators.live.draws import SteadyGenerator, number, partner


def test_numbers_depend_on_every_word_and_stay_the_same() -> None:
    assert number(0, "a", 1) == number(0, "a", 1) == 5134108193574538106
    assert len({number(0, "a", 1), number(1, "a", 1), number(0, "b", 1), number(0, "a", 2), number(0, "a1")}) == 5


def test_a_stroke_changes_the_choice_only_where_it_changes_what_can_be_chosen() -> None:
    where = np.arange(1000)
    before = SteadyGenerator(3, 1000).choice(where, 100, replace=False)
    after = SteadyGenerator(3, 1000).choice(where[50:], 100, replace=False)
    assert len(set(before)) == 100
    kept = set(before[before >= 50])
    assert kept <= set(after)
    assert len(after) == 100


def test_every_pixel_is_as_likely_as_any_other() -> None:
    counts = np.zeros(20)
    for seed in range(3000):
        counts[SteadyGenerator(seed, 20).choice(np.arange(20), 5, replace=False)] += 1
    # 3000 x 1/4 with a standard deviation of 23.7
    assert np.abs(counts - 750).max() < 4.5 * 23.7


def test_pixels_are_never_drawn_twice() -> None:
    with pytest.raises(ValueError, match="at most once"):
        SteadyGenerator(0, 10).choice(np.arange(10), 3)


def test_partners_come_from_every_group_in_turn_and_never_change_for_another_reason_than_a_lower_hash() -> None:
    groups = {"benign": ["a", "b", "c"], "malignant": ["d", "e", "f"]}
    chosen = [partner(0, "x", k, groups) for k in range(8)]
    kinds = ["abc".find(str(case)) >= 0 for case in chosen]
    assert kinds in ([True, False] * 4, [False, True] * 4)
    more = {"benign": [*groups["benign"], "new"], "malignant": groups["malignant"]}
    again = [partner(0, "x", k, more) for k in range(8)]
    assert all(old == new or new == "new" for old, new in zip(chosen, again, strict=True))
    assert partner(0, "x", 0, {}) is None
