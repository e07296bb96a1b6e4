"""What the plug-in information of a table would be on average if its rows and columns were unrelated.

With the margins kept and the pairing shuffled, the count of a cell follows the hypergeometric distribution. The mean of
the information over all shuffles is a sum over the cells of a table, each with a sum over the values its count can take
(Vinh, Epps and Bailey, JMLR 11, 2010, equation 24a: the expected mutual information of the adjusted score).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_CHUNK = 4096
# Counts further from the mean than this have a probability below 1e-30 (Hoeffding's bound on hypergeometric tails).
_REACH = 6.0


def expected_information(counts: npt.NDArray[Any]) -> FloatArray:
    """Return the number counted times the mean plug-in information over all shuffles, for many tables at once.

    Parameters
    ----------
    counts
        Whole numbers, shape (rows, columns, ...), one table for each place of the further axes.

    Returns
    -------
    ndarray of float64
        Nats times counts, in the shape of the further axes; 0 for a table with a single row or column that is not
        empty.
    """
    rows, columns, total = counts.sum(axis=1), counts.sum(axis=0), counts.sum(axis=(0, 1))
    everywhere = np.broadcast_to(total, counts.shape).ravel()
    by_row = np.broadcast_to(rows[:, None], counts.shape).ravel()
    by_column = np.broadcast_to(columns[None], counts.shape).ravel()
    # Rows and columns may change places, which halves what is left to compute.
    small, large = np.minimum(by_row, by_column), np.maximum(by_row, by_column)
    base = int(total.max(initial=0)) + 1
    keys, place = np.unique((everywhere.astype(np.int64) * base + small) * base + large, return_inverse=True)
    cells = expected_term(keys // base**2, keys // base % base, keys % base)[place].reshape(counts.shape)
    margins = xlogy(rows, rows).sum(axis=0) + xlogy(columns, columns).sum(axis=0) - xlogy(total, total)
    return np.asarray(cells.sum(axis=(0, 1)) - margins, np.float64)


def expected_term(total: IntArray, row: IntArray, column: IntArray) -> FloatArray:
    """Return the mean of c log c where c is the overlap of two random subsets.

    Parameters
    ----------
    total
        How many there are to choose from, shape (tables,).
    row, column
        The sizes of the two subsets, not above `total`, shape (tables,).

    Returns
    -------
    ndarray of float64
        Nats times counts, shape (tables,).
    """
    log_factorial = gammaln(np.arange(int(total.max(initial=0)) + 2) + 1.0)
    terms = xlogy(np.arange(log_factorial.size), np.arange(log_factorial.size))
    mean = row * column / np.maximum(total, 1)
    reach = _REACH * np.sqrt(np.minimum(row, column)) + 1
    first = np.maximum(np.maximum(0, row + column - total), np.floor(mean - reach).astype(np.int64))
    last = np.minimum(np.minimum(row, column), np.ceil(mean + reach).astype(np.int64))
    result = np.zeros(total.size)
    # Tables with about as many values are done together, so that little is computed in vain.
    order = np.argsort(last - first, kind="stable")
    for start in range(0, order.size, _CHUNK):
        part = order[start : start + _CHUNK]
        n, a, b = (size[part, None] for size in (total, row, column))
        count = first[part, None] + np.arange(int((last - first)[part[-1]]) + 1)
        possible = count <= last[part, None]
        c = np.where(possible, count, first[part, None])
        log_probability = (
            log_factorial[a] - log_factorial[c] - log_factorial[a - c]
            + log_factorial[n - a] - log_factorial[b - c] - log_factorial[n - a - b + c]
            - log_factorial[n] + log_factorial[b] + log_factorial[n - b]
        )  # fmt: skip
        result[part] = (possible * np.exp(log_probability) * terms[c]).sum(axis=1)
    return result
