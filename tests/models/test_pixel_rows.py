"""Rows split between threads, and rows that stand for all."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_unlearn.models.pixel_rows import draw, in_threads


@pytest.mark.parametrize(("threads", "rows", "parts"), [(1, 100, 1), (3, 100, 3), (3, 25, 2), (3, 9, 1), (2, 0, 1)])
def test_every_row_is_worked_on_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch, threads: int, rows: int, parts: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    made = in_threads(lambda part: list(range(part.start, part.stop)), rows, 10)
    assert len(made) == parts
    assert [row for part in made for row in part] == list(range(rows))


def test_what_goes_wrong_in_a_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def work(part: slice) -> None:
        if part.start:
            raise ArithmeticError("in the second part")

    with pytest.raises(ArithmeticError, match="second part"):
        in_threads(work, 40, 10)


def test_chances_are_in_proportion_but_certain_rows_stay_certain() -> None:
    shares = torch.from_numpy(np.random.default_rng(1).random(5000)) + 0.1
    shares[:3] = 1e4
    rows, chances = draw(shares, 500)
    assert rows[:3].tolist() == [0, 1, 2]
    assert chances[:3].tolist() == [1, 1, 1]
    others = chances[3:] / shares[rows[3:]]
    torch.testing.assert_close(others, others[:1].expand_as(others))
    assert abs(len(rows) - 500) < 5 * 500**0.5
    assert bool((rows.diff() > 0).all())


def test_a_sum_over_the_drawn_rows_estimates_the_sum_over_all() -> None:
    rng = np.random.default_rng(2)
    shares, values = torch.from_numpy(rng.random(20_000)) + 0.2, torch.from_numpy(rng.random(20_000))
    rows, chances = draw(shares, 4000)
    deviation = float((values.square() / (shares * 4000 / shares.sum())).sum()) ** 0.5
    assert abs(float((values[rows] / chances).sum() - values.sum())) < 5 * deviation


def test_the_draw_is_the_same_every_time() -> None:
    shares = torch.linspace(0.1, 1, 300, dtype=torch.float64)
    assert torch.equal(draw(shares, 50)[0], draw(shares, 50)[0])
