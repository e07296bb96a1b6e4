"""Mutual information of a table of counts, in nats."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from napari_unlearn.leakage.chance import expected_information

TableEstimator = Literal["plug-in", "miller-madow", "permutation-null"]
"""Of one table: ``plug-in`` takes frequencies for probabilities; ``miller-madow`` takes off the bias that this causes
where no cell is rare; ``permutation-null`` takes off what chance alone would show."""

FloatArray = npt.NDArray[np.float64]


def mutual_information(table: npt.ArrayLike, estimator: TableEstimator = "miller-madow") -> float:
    """Return the mutual information of the rows and the columns of a table of counts.

    Parameters
    ----------
    table
        Counts, shape (rows, columns), 0 or more.
    estimator
        ``plug-in``, or ``miller-madow``: minus (cells - rows - columns + 1) / 2n, counting those that are not empty
        (Miller, 1955; entropy of the rows plus that of the columns minus that of the cells, each corrected). The
        correction can make the result negative, which is left as it is: cutting it off would bring a bias back.
        ``permutation-null``: minus the mean of the plug-in over all ways to pair the same rows and columns (Vinh et
        al., 2010). It is 0 on average where they are unrelated, however rare a row is, and whole numbers are needed.

    Returns
    -------
    float
        Nats; 0 for an empty table.

    Raises
    ------
    ValueError
        The table does not have two axes, a count is negative, not finite or, for ``permutation-null``, not whole, or
        the estimator is not known.

    Examples
    --------
    >>> round(mutual_information([[10, 0], [0, 10]], "plug-in"), 4)
    0.6931
    """
    counts = np.asarray(table, np.float64)
    check_estimator(estimator)
    if counts.ndim != 2:
        raise ValueError(f"A table of counts must have two axes, rows and columns, but it has {counts.ndim}.")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("A table of counts must hold finite numbers, 0 or more.")
    if estimator == "permutation-null" and (counts != np.floor(counts)).any():
        raise ValueError("A table of counts must hold whole numbers to be compared with shuffled ones.")
    total = counts.sum()
    return float(counted_information(counts, estimator) / total) if total else 0.0


def counted_information(counts: npt.NDArray[Any], estimator: TableEstimator) -> FloatArray:
    """Return the mutual information times the number counted, for many tables at once.

    Parameters
    ----------
    counts
        Shape (rows, columns, ...), one table for each place of the further axes.
    estimator
        As for `mutual_information`.

    Returns
    -------
    ndarray of float64
        Nats times counts, in the shape of the further axes.
    """
    cells = entropy_terms(counts, estimator).sum(axis=(0, 1))
    rows = entropy_terms(counts.sum(axis=1), estimator).sum(axis=0)
    columns = entropy_terms(counts.sum(axis=0), estimator).sum(axis=0)
    everything = entropy_terms(counts.sum(axis=(0, 1)), estimator)
    information = np.asarray(cells - rows - columns + everything, np.float64)
    if estimator == "permutation-null":
        # A table with one row or one column has nothing to shuffle, and rounding must not make something of it.
        several = np.minimum((counts.sum(axis=1) > 0).sum(axis=0), (counts.sum(axis=0) > 0).sum(axis=0)) > 1
        return np.where(several, information - expected_information(np.asarray(counts, np.int64)), 0.0)
    return information


def entropy_terms(counts: npt.NDArray[Any], estimator: TableEstimator) -> FloatArray:
    """Return what each count adds to n times the information as a cell or in total, or takes off as a row or column.

    c log c, and for Miller-Madow minus 1/2 where c > 0: then the cells minus rows minus columns plus the total of a
    table carry its whole correction, so that the sum over tables needs nothing but one term for each count. The mean
    over shuffles is no such sum: for ``permutation-null`` these are the terms of the plug-in.
    """
    terms = np.asarray(xlogy(counts, counts), np.float64)
    return terms - 0.5 * (counts > 0) if estimator == "miller-madow" else terms


def check_estimator(estimator: str) -> None:
    """Refuse an estimator that is not known.

    Raises
    ------
    ValueError
        It is not one of `Estimator`.
    """
    if estimator not in get_args(TableEstimator):
        raise ValueError(
            f"The estimator must be one of {', '.join(get_args(TableEstimator))}, but it is {estimator!r}."
        )
