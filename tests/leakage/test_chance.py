"""Tests of what chance alone would show."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import hypergeom

from napari_unlearn.leakage import mutual_information
from napari_unlearn.leakage.chance import expected_information, expected_term
from napari_unlearn.leakage.information import counted_information


def _over_all_shuffles(table):
    table = np.array(table)
    rows = np.repeat(np.arange(table.shape[0]), table.sum(axis=1))
    columns = np.concatenate([np.repeat(np.arange(table.shape[1]), row) for row in table])
    values = []
    for shuffled in permutations(columns.tolist()):
        paired = np.zeros_like(table)
        np.add.at(paired, (rows, np.array(shuffled)), 1)
        values.append(counted_information(paired, "plug-in"))
    return np.mean(values)


@pytest.mark.parametrize("table", [[[2, 1], [1, 2]], [[1, 0, 2], [1, 2, 0]], [[5, 0], [0, 1]], [[3, 0], [2, 0]]])
def test_it_is_the_mean_over_every_way_to_pair(table):
    assert expected_information(np.array(table)) == pytest.approx(_over_all_shuffles(table), abs=1e-12)


@pytest.mark.parametrize(("total", "row", "column"), [(2000, 900, 1100), (500, 3, 250), (40, 40, 7), (9, 0, 4)])
def test_a_term_is_a_mean_under_the_hypergeometric_distribution(total, row, column):
    counts = np.arange(1, min(row, column) + 1)
    expected = (hypergeom(total, row, column).pmf(counts) * counts * np.log(counts)).sum()
    assert expected_term(*map(np.atleast_1d, (total, row, column)))[0] == pytest.approx(expected, rel=1e-9)


def test_many_tables_at_once_are_each_alone():
    tables = np.random.default_rng(1).integers(0, 9, (2, 3, 50))
    alone = [expected_information(tables[..., i]) for i in range(50)]
    np.testing.assert_allclose(expected_information(tables), alone, atol=1e-12)


@pytest.mark.parametrize("prevalence", [0.3, 0.02])
def test_unrelated_tables_tell_nothing_on_average_however_rare_the_artefact(prevalence):
    rng = np.random.default_rng(0)
    cells = np.outer([1 - prevalence, prevalence], [0.5, 0.5]).ravel()
    tables = rng.multinomial(60, cells, size=20_000).T.reshape(2, 2, -1)
    null, corrected, plug_in = (
        counted_information(tables, name).mean() / 60 for name in ("permutation-null", "miller-madow", "plug-in")
    )
    assert abs(null) < 0.0002
    assert plug_in > 0.006
    # The known weakness: with a single artefact no cell is counted twice, and nothing is taken off.
    assert (corrected > 0.004) == (prevalence == 0.02)


def test_a_single_artefact_tells_no_more_than_chance():
    table = [[30, 29], [1, 0]]
    assert mutual_information(table, "plug-in") == mutual_information(table, "miller-madow") > 0.01
    assert mutual_information(table, "permutation-null") == pytest.approx(0, abs=1e-3)


def test_parts_of_images_cannot_be_shuffled():
    with pytest.raises(ValueError, match="whole numbers"):
        mutual_information([[1.5, 2], [3, 4]], "permutation-null")


def test_a_single_column_is_exactly_nothing():
    assert mutual_information([[17, 0], [13, 0]], "permutation-null") == 0
