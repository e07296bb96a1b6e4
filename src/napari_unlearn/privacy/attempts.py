"""What several runs on the same data cost together, when any of them may have been kept.

Attempts that are Gaussian DP compose exactly, by the root of the sum of squares of mu (Dong, Roth and Su 2022,
Corollary 3.3). An attempt that only has an epsilon and a delta is added to whatever the others cost (basic composition,
Dwork and Roth 2014, Theorem 3.16).
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.mechanisms import EARLIER_DELTA, EARLIER_EPSILON, EARLIER_MU

Cost = float | tuple[float, float]
"""Of one attempt: its mu, or its epsilon and delta where it has none."""


def charge(
    mu: float | None, epsilon: float, delta: float, earlier: Sequence[Cost]
) -> tuple[float, float, dict[str, float]]:
    """Return what a run and all attempts before it cost.

    Parameters
    ----------
    mu
        Of this run; None for a mechanism that is not Gaussian DP.
    epsilon, delta
        Of this run alone.
    earlier
        Cost of every earlier attempt.

    Returns
    -------
    epsilon, delta : float
        Of all together.
    recorded : dict of str to float
        What a certificate must record of the earlier attempts.
    """
    mus = [cost for cost in earlier if not isinstance(cost, tuple)]
    pairs = [cost for cost in earlier if isinstance(cost, tuple)]
    recorded = {}
    total = (epsilon, delta)
    if mus and mu is None:
        pairs.append((gaussian_dp.epsilon(gaussian_dp.compose(mus), delta), delta))
    elif mus and mu is not None:
        recorded[EARLIER_MU] = gaussian_dp.compose(mus)
        total = (gaussian_dp.epsilon(gaussian_dp.compose([*mus, mu]), delta), delta)
    if pairs:
        recorded[EARLIER_EPSILON] = sum(pair[0] for pair in pairs)
        recorded[EARLIER_DELTA] = sum(pair[1] for pair in pairs)
        total = (total[0] + recorded[EARLIER_EPSILON], total[1] + recorded[EARLIER_DELTA])
    return *total, recorded
