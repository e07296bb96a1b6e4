"""Telling forgotten pixels from pixels that were never seen, by how sure a model is of their coarse label.

A model that remembers is surer of labels it was trained on. An attacker who knows the labels calls a pixel seen where
the probability of its label is above a threshold (Yeom et al., 2018). Whoever guesses is right half of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Pixels = Sequence[NDArray[np.float64]]
"""Probability of the coarse label at some pixels of each case."""

_DEALS = 200


@dataclass(frozen=True)
class Attack:
    """How well the attack does.

    Attributes
    ----------
    auroc : float
        Chance that a forgotten pixel looks more like a seen one than a never-seen pixel does; 0.5 is ideal.
    worst : float
        Share that the best threshold tells rightly, of as many pixels of either kind and in whichever direction it
        works; 0.5 is ideal, and no number is below it.
    chance : float
        What `worst` comes to on average where whole cases are dealt out to both sides at random: choosing the best of
        all thresholds finds something even where there is nothing.
    p_value : float
        How often cases dealt at random give a `worst` as high.
    seen, unseen : int
        Cases on each side.
    """

    auroc: float
    worst: float
    chance: float
    p_value: float
    seen: int
    unseen: int


def attack(seen: Pixels, unseen: Pixels, seed: int) -> Attack | None:
    """Attack one model.

    Parameters
    ----------
    seen, unseen : sequence of ndarray of float64
        Of each case with forgotten pixels, and of each that was never seen.
    seed : int
        Of the deals.

    Returns
    -------
    Attack or None
        None where one side has no pixel.
    """
    cases = [case for case in (*seen, *unseen) if case.size]
    ours = sum(case.size > 0 for case in seen)
    theirs = len(cases) - ours
    if not ours or not theirs:
        return None
    values = np.concatenate(cases)
    owner = np.repeat(np.arange(len(cases)), [case.size for case in cases])
    member = np.arange(len(cases)) < ours
    order, ranks = np.argsort(values, kind="stable"), rankdata(values)
    ends = np.append(np.flatnonzero(np.diff(values[order]) > 0), values.size - 1)
    worst = best_threshold(member[owner][order], ends)
    rng = np.random.default_rng(seed)
    dealt = np.array([best_threshold(rng.permutation(member)[owner][order], ends) for _ in range(_DEALS)])
    inside = member[owner]
    count = int(inside.sum())
    area = (ranks[inside].sum() - count * (count + 1) / 2) / (count * (values.size - count))
    p_value = (1 + int((dealt >= worst - 1e-12).sum())) / (1 + _DEALS)
    return Attack(float(area), worst, float(dealt.mean()), p_value, ours, theirs)


def best_threshold(member: NDArray[np.bool_], ends: NDArray[np.intp]) -> float:
    """Balanced accuracy of the best threshold.

    Parameters
    ----------
    member : ndarray of bool, shape (n,)
        Of all pixels, in ascending order of what is compared with the threshold.
    ends : ndarray of int
        Places after which a threshold may lie: the last of each run of equal values.

    Returns
    -------
    float
        From 0.5 to 1.
    """
    below = np.cumsum(member)[ends] / max(1, member.sum())
    others = np.cumsum(~member)[ends] / max(1, (~member).sum())
    return float(0.5 + 0.5 * np.abs(below - others).max())
