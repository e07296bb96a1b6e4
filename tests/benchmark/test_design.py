"""Which settings are measured."""

from __future__ import annotations

import pytest

from napari_unlearn.benchmark.design import Factors, Models, trials
from napari_unlearn.benchmark.row import COARSE, ORACLE, SCRATCH, Trial
from napari_unlearn.errors import UserError
from napari_unlearn.operators.registry import available

SMALL = Factors((3, 2), (0.95, 0.5), ("dilation", "box"), (0.1, 1.0), (8, 0))


def test_a_grid_crosses_everything() -> None:
    settings = list(SMALL.grid())
    assert len(settings) == len(set(settings)) == 2**5


def test_a_star_moves_one_factor_at_a_time() -> None:
    settings = list(SMALL.star())
    assert len(settings) == len(set(settings)) == 2 * 5
    base = (3, 0.95, "dilation", 0.1, 8)
    assert settings[0] == base
    assert all(sum(a != b for a, b in zip(each, base, strict=True)) == 1 for each in settings[1:5])


def test_the_usual_factors_cover_what_was_asked_for() -> None:
    usual = Factors().checked()
    assert set(usual.classes) == {2, 3}
    assert set(usual.fine) == {0.01, 0.05, 0.1, 0.25, 0.5, 1.0}
    assert (min(filter(None, usual.correlation)), max(filter(None, usual.correlation))) == (0.5, 1.0)
    assert set(usual.coarse) == {"box", "dilation"}


def test_what_has_no_part_in_a_model_makes_no_second_trial(trial: Trial) -> None:
    models = Models(("exact-refit", "residual-head")).checked()
    found = trials(list(SMALL.grid()), range(2), models, trial)
    assert len(found) == len(set(found))
    count = {name: sum(each.model == name for each in found) for name in {each.model for each in found}}
    assert count == {ORACLE: 2 * 4, COARSE: 2 * 8, SCRATCH: 2 * 8, "exact-refit": 2 * 32, "residual-head": 2 * 32}


def test_only_certified_operators_have_a_budget(trial: Trial) -> None:
    found = trials([(3, 0.95, "box", 0.1, 0)], [0], Models(("exact-refit", "residual-head"), 2.0).checked(), trial)
    assert {each.model: each.epsilon for each in found if each.epsilon is not None} == {"residual-head": 2.0}


def test_without_names_every_operator_is_measured() -> None:
    assert Models().checked().operators == tuple(entry.name for entry in available())


@pytest.mark.parametrize(
    ("factors", "sentence"),
    [
        (Factors(classes=(4,)), "4 classes cannot be drawn"),
        (Factors(correlation=(1.5,)), "correlation 1.5"),
        (Factors(coarse=("blob",)), "'blob'; choose box or dilation"),
        (Factors(fine=(0.0,)), "share 0.0"),
        (Factors(swaps=(-1,)), "-1 composed cases"),
    ],
)
def test_values_out_of_range_are_told(factors: Factors, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        factors.checked()


@pytest.mark.parametrize(
    ("models", "sentence"),
    [
        (Models(("magic",)), "There is no operator 'magic'"),
        (Models(epsilon=0.0), "Epsilon must be above 0"),
        (Models(delta=1.0), "Delta must lie between 0 and 1"),
    ],
)
def test_models_that_cannot_be_are_told(models: Models, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        models.checked()
