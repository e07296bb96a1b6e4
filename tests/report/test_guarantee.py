from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from scipy.stats import norm

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.report.facts import RunFacts
from napari_unlearn.report.guarantee import best_guess, not_promised, number, stamp


def test_only_a_certified_run_states_epsilon_and_delta(
    facts: RunFacts, certified: RunFacts, empirical: RunFacts
) -> None:
    assert stamp(certified).title == "Certified: ε = 1.25, δ = 3e-6"
    for other in (facts, empirical):
        assert "ε" not in stamp(other).title + stamp(other).sentence
    assert (stamp(facts).kind, stamp(empirical).kind) == ("exact", "empirical")


def test_test_mode_and_failure_come_before_any_tier(altered: Callable[..., RunFacts], certified: RunFacts) -> None:
    seeded = altered(
        noise="fixed seed 3, for tests", tier="empirical", mechanism="none", epsilon=None, delta=None, mu=None
    )
    assert stamp(seeded).kind == "test"
    assert "fixed seed 3" in stamp(seeded).sentence
    broken = stamp(dataclasses.replace(certified, failures=("model/model.json was altered after the run.",)))
    assert broken.kind == "broken"
    assert "1.25" not in broken.title + broken.sentence


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 4.0])
def test_no_bet_against_gaussian_noise_beats_what_is_said(epsilon: float) -> None:
    # The best test between N(0, 1) and N(mu, 1) is right with probability Phi(mu / 2).
    mu = gaussian_dp.mu(epsilon, 1e-5)
    assert norm.cdf(mu / 2) <= best_guess(epsilon, 1e-5)


def test_the_best_guess_goes_from_a_coin_toss_to_certainty() -> None:
    assert best_guess(0.0, 0.0) == 0.5
    assert best_guess(1.0, 0.0) == pytest.approx(math.e / (1 + math.e))
    assert best_guess(1e6, 0.0) == pytest.approx(1.0)
    assert best_guess(0.0, 1.0) == 1.0


def test_what_is_left_open_depends_on_the_tier(facts: RunFacts, certified: RunFacts, empirical: RunFacts) -> None:
    assert any("no ε and no δ" in sentence for sentence in not_promised(empirical))
    assert any("1 run on the model" in sentence for sentence in not_promised(certified))
    assert not any("no ε" in sentence for sentence in not_promised(facts))


def test_images_of_withdrawn_cases_are_not_said_to_stay(facts: RunFacts) -> None:
    whole = dataclasses.replace(facts, metrics={**facts.metrics, "forgotten_cases": 7})
    assert "7 withdrawn cases" in not_promised(whole)[0]
    assert "images stay" in not_promised(facts)[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1e-5, "1e-5"), (0.25, "0.25"), (1234567.0, "1,234,567"), (-2.5, "-2.5"), (1e12, "1e12")],
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert number(value) == text
