"""The exact Gaussian DP of noisy steps of bounded influence, whatever their coefficients.

Two processes x <- r_t x - h_t(x) + N(0, sigma_t^2 I) start at most z_0 apart and the h_t of one differ from those of
the other by at most s_t. Follow the second one along with the first and take away a part a_t of their distance at every
step, hidden by that step's noise: what is left obeys z_t = r_t z_{t-1} + s_t - a_t and must reach 0. The parts are an
adaptive composition of Gaussian mechanisms, so the result is mu-GDP with mu^2 = sum (a_t / sigma_t)^2 (the shifted
interpolation of Bok, Su and Altschuler, ICML 2024, with bounded steps in place of contractions; composition: Dong, Roth
and Su, Corollary 3.3).

The parts are free, but no more can be taken away than there is: z_t >= 0. With w_t = r_{t+1} ... r_T the best choice is
a taut string. In the plane of u_t = sum_{k<=t} (w_k sigma_k)^2 and Y_t = z_0 r_1 ... r_T + sum_{k<=t} w_k s_k, the
parts taken away so far are a path from (0, 0) to (u_T, Y_T) below all (u_t, Y_t), its cost is the sum of squared rises
over their widths, and the cheapest such path is the lower convex hull. Where the hull is one straight line, mu is Y_T /
sqrt(u_T), the total shift over the spread of the total noise; where it is not, that quotient claims too much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def mu(gap: float, ratios: Sequence[float], influences: Sequence[float], sigmas: Sequence[float]) -> float:
    """Return the mu of a process of T steps; derived here.

    Parameters
    ----------
    gap
        z_0, largest distance between two starts.
    ratios
        r_1 ... r_T, by which each step shrinks what it starts from, larger than 0 and at most 1.
    influences
        s_1 ... s_T, largest differences between the bounded parts of a step.
    sigmas
        sigma_1 ... sigma_T, noise of each step.

    Returns
    -------
    float
        Infinite where the last noise is lost in rounding beside the noise before it.
    """
    rises, widths, weight = [], [], 1.0
    for ratio, influence, sigma in zip(reversed(ratios), reversed(influences), reversed(sigmas), strict=True):
        rises.append(weight * influence)
        widths.append((weight * sigma) ** 2)
        weight *= ratio
    hull, point = [(0.0, 0.0)], (0.0, weight * gap)
    for rise, width in zip(reversed(rises), reversed(widths), strict=True):
        point = (point[0] + width, point[1] + rise)
        while len(hull) > 1 and _cross(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        # A point above an earlier one of the same width is no limit: the path need not rise there.
        if point[0] > hull[-1][0]:
            hull.append(point)
    if hull[-1] != point:
        return math.inf
    return math.hypot(*((y - y0) / math.sqrt(u - u0) for (u0, y0), (u, y) in pairwise(hull)))


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Return twice the signed area of a triangle, positive where the path a, b, c turns upwards."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
