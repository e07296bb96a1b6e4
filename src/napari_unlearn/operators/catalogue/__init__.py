"""What can be said about every operator of this package without importing torch, in the order of the guarantee."""

from napari_unlearn.operators.catalogue import (
    certified_ball,
    certified_convex,
    certified_head,
    comparators,
    empirical,
    exact,
)

OPERATORS = (
    *exact.OPERATORS,
    *certified_head.OPERATORS,
    *certified_ball.OPERATORS,
    *certified_convex.OPERATORS,
    *empirical.OPERATORS,
    *comparators.OPERATORS,
)
"""Strongest guarantee first."""

__all__ = ["OPERATORS"]
