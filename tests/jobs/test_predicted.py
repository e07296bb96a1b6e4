"""Records of what planning found."""

from __future__ import annotations

from pathlib import Path

from napari_unlearn.jobs.predicted import Expected, PlanPoint, PlanResult


def result(*dice: float, exact: float = 0.9) -> PlanResult:
    points = [
        PlanPoint(
            "gradient-clipping", epsilon, True, {}, 0.1, 1.0, Expected(one, 0.0, None, 0.0), Expected(0.5, 0, None, 0)
        )
        for epsilon, one in zip((0.1, 1.0, 10.0), dice, strict=True)
    ]
    return PlanResult(
        Path("data set"),
        Path("model"),
        1e-5,
        2,
        {},
        1,
        {"test": 4},
        True,
        Expected(exact, 0.0, None, 0.0),
        tuple(points),
    )


def test_the_smallest_budget_without_loss_is_advised() -> None:
    assert result(0.5, 0.895, 0.9).advised("gradient-clipping").epsilon == 1.0
    assert result(0.95, 0.95, 0.95).advised("gradient-clipping").epsilon == 0.1


def test_where_every_budget_costs_something_the_best_is_advised() -> None:
    assert result(0.5, 0.6, 0.55).advised("gradient-clipping").epsilon == 1.0


def test_a_command_line_survives_spaces_and_names_every_choice() -> None:
    made = result(0.5, 0.6, 0.7)
    assert made.command(made.points[0]) == (
        "napari-unlearn unlearn 'data set' model --out RUN --operator gradient-clipping --epsilon 0.1 --delta 1e-05 "
        "--counterfactual 2 --plan"
    )
