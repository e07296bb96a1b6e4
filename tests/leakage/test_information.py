"""Tests of the mutual information of a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unlearn.leakage import mutual_information
from napari_unlearn.leakage.information import counted_information, entropy_terms

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))["mi_plugin"]
TABLES = hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.integers(0, 50))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vectors(vector):
    table = vector["inputs"]["table_S_rows_Y_cols"]
    outputs = vector["outputs"]
    assert mutual_information(table, "plug-in") == pytest.approx(outputs["plugin_nats"], rel=1e-9, abs=1e-14)
    assert mutual_information(table) == pytest.approx(outputs["miller_madow_nats"], rel=1e-9, abs=1e-14)


@given(TABLES)
def test_plug_in_is_the_divergence_from_independence(table):
    joint = table / max(1, table.sum())
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    expected = sum(p * np.log(p / q) for p, q in zip(joint.flat, product.flat, strict=True) if p > 0)
    assert mutual_information(table, "plug-in") == pytest.approx(expected, abs=1e-12)
    assert mutual_information(table, "plug-in") >= -1e-12


@given(TABLES)
def test_miller_madow_takes_off_its_correction_for_cells_that_are_not_empty(table):
    cells, rows, columns = (np.count_nonzero(counts) for counts in (table, table.sum(axis=1), table.sum(axis=0)))
    correction = (cells - rows - columns + 1) / (2 * table.sum()) if table.any() else 0.0
    expected = mutual_information(table, "plug-in") - correction
    assert mutual_information(table, "miller-madow") == pytest.approx(expected, abs=1e-12)


@given(TABLES, st.sampled_from(["plug-in", "miller-madow"]))
def test_order_and_side_do_not_matter(table, estimator):
    value = mutual_information(table, estimator)
    assert mutual_information(table.T, estimator) == pytest.approx(value, abs=1e-12)
    assert mutual_information(table[::-1, ::-1], estimator) == pytest.approx(value, abs=1e-12)


@given(st.integers(1, 1000), st.integers(2, 6))
def test_a_table_on_its_diagonal_tells_everything(each, size):
    assert mutual_information(each * np.eye(size), "plug-in") == pytest.approx(np.log(size), rel=1e-12)


def test_many_tables_at_once_are_each_alone():
    tables = np.random.default_rng(1).integers(0, 5, (2, 3, 20))
    together = counted_information(tables, "miller-madow")
    alone = [mutual_information(tables[..., i]) * tables[..., i].sum() for i in range(20)]
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_terms_of_nothing_are_nothing():
    assert entropy_terms(np.array([0]), "miller-madow")[0] == 0
    assert mutual_information(np.zeros((2, 2))) == 0


def test_miller_madow_is_nearly_unbiased_where_the_plug_in_is_not():
    rng = np.random.default_rng(2)
    tables = rng.multinomial(100, [0.3, 0.2, 0.3, 0.2], size=20_000).T.reshape(2, 2, -1)
    plug_in, corrected = (counted_information(tables, name).mean() / 100 for name in ("plug-in", "miller-madow"))
    assert plug_in == pytest.approx(1 / 200, rel=0.05)
    assert abs(corrected) < 1 / 4000


@pytest.mark.parametrize(
    ("table", "sentence"),
    [([1, 2], "two axes"), ([[-1, 2]], "0 or more"), ([[np.nan, 2]], "finite"), ([[np.inf, 2]], "finite")],
)
def test_tables_that_make_no_sense_are_refused(table, sentence):
    with pytest.raises(ValueError, match=sentence):
        mutual_information(table)


def test_an_unknown_estimator_is_refused():
    with pytest.raises(ValueError, match="plug-in, miller-madow, permutation-null, but it is 'jackknife'"):
        mutual_information([[1]], "jackknife")
