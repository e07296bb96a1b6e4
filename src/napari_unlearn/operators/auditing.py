"""Runs an operator many times from two starts, to see whether its results tell them apart more than is claimed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.operators.audit_starts import worst_starts
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, Operator, Problem, Revision
from napari_unlearn.operators.registry import load
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.audit import Audit, audit
from napari_unlearn.privacy.mechanisms import MECHANISMS
from napari_unlearn.privacy.noise import NoiseSource, SeededNoise


class ThinnedNoise:
    """A source that gives less noise than it is asked for: what an audit has to catch. It certifies nothing.

    Parameters
    ----------
    source : NoiseSource
        Where the noise comes from.
    factor : float
        What every sigma is divided by.
    """

    certifies = False

    def __init__(self, source: NoiseSource, factor: float) -> None:
        self.description = f"a {factor:g}th of {source.description}"
        self._source, self._factor = source, factor

    def gaussian(self, shape: int | tuple[int, ...], sigma: float) -> NDArray[np.float64]:
        """Return independent draws from N(0, (sigma / factor)^2)."""
        return self._source.gaussian(shape, sigma / self._factor)


@dataclass(frozen=True)
class OperatorAudit:
    """What an audit of an operator found.

    Attributes
    ----------
    found : Audit
        Lower bounds.
    mu : float or None
        Of the Gaussian DP that the operator claims, so that the bound by way of mu is one on its epsilon.
    claimed : float
        Epsilon that the operator was asked for.
    """

    found: Audit
    mu: float | None
    claimed: float

    @property
    def epsilon(self) -> float:
        """The lower bound on epsilon that holds for this kind of operator."""
        return self.found.epsilon if self.mu is None else self.found.epsilon_of_mu

    @property
    def refuted(self) -> bool:
        """Whether the claim is proved wrong."""
        return self.epsilon > self.claimed


def results(
    operator: Operator, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, runs: int
) -> tuple[NDArray[np.float64], Revision]:
    """Run an operator again and again.

    Parameters
    ----------
    operator : Operator
        What is run.
    problem : Problem
        Its data and its start, the same for every run.
    settings : Settings
        Its numbers.
    budget : Budget
        What is asked for.
    noise : NoiseSource
        Goes on from run to run.
    runs : int
        How often.

    Returns
    -------
    weights : ndarray of float64, shape (runs, d)
        Revised weights, one run a row.
    revision : Revision
        The last of them.
    """
    ends = []
    for run in range(runs):
        *_, revision = operator.steps(problem, settings, budget, noise, np.random.default_rng(run))
        assert isinstance(revision, Revision)
        ends.append(revision)
    return np.stack([end.weights.ravel() for end in ends]), ends[-1]


def audit_operator(
    info: OperatorInfo,
    runs: int,
    *,
    epsilon: float = 1.0,
    delta: float = 1e-5,
    confidence: float = 0.99,
    seed: int = 0,
    thinned: float = 1.0,
) -> OperatorAudit:
    """Audit an operator from its worst two starts.

    Parameters
    ----------
    info : OperatorInfo
        A certified operator.
    runs : int
        From each of the two starts.
    epsilon, delta : float
        Budget that the operator is given.
    confidence : float
        Probability with which a correct operator is not refuted.
    seed : int
        Of the noise, which nobody is shown, so that it may be repeatable here.
    thinned : float
        What the noise is divided by; 1 audits the operator as it is.

    Returns
    -------
    OperatorAudit
    """
    starts = worst_starts(info)
    noise: NoiseSource = SeededNoise(seed)
    if thinned != 1:
        noise = ThinnedNoise(noise, thinned)
    (first, revision), (second, _) = (
        results(load(info.name), problem, starts.settings, Budget(epsilon, delta), noise, runs)
        for problem in (starts.first, starts.second)
    )
    mu = MECHANISMS[revision.mechanism].mu(revision.numbers)
    return OperatorAudit(audit(first, second, delta=delta, confidence=confidence), mu, epsilon)
