"""What a certificate implies for leakage: how far that of the unlearned model can be from that of its reference.

An (epsilon, delta) certificate speaks of the parameters, and a prediction on a new image is computed from them. So for
a new image the chance that a pixel is predicted as k differs between the unlearned model and the reference by at most
the total variation tau = (e^epsilon - 1 + 2 delta) / (e^epsilon + 1) (Kairouz, Oh and Viswanath, 2015), whatever the
artefact s and the true class y. The probabilities that leakage is made of then move by at most tau P(s, y), tau P(s),
tau P(y) and tau, and x log x by at most t log 1/t when x moves by t, so that for tau up to 1/e

    |p_k I_p(S; Y | k) - q_k I_q(S; Y | k)| <= 4 tau log(1/tau) + tau (H(S, Y) + H(S) + H(Y))

at each pixel. No side can be above min(H(S), H(Y)), which bounds the difference for every tau.

A guarantee about P(prediction = k | y) alone gives no bound at all, since S is not held fixed there: with S and Y fair
independent coins, a reference that tosses a third coin and a model that predicts whether S = Y agree for each y, and
their leakages are 0 and log 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_unlearn.leakage.information import FloatArray, entropy_terms
from napari_unlearn.leakage.observations import observe


@dataclass(frozen=True)
class LeakageBound:
    """How much the leakage of an unlearned model can differ from that of its reference.

    Both are averages over the randomness of training and unlearning, on images that neither has seen.

    Attributes
    ----------
    total_variation
        tau, from 0 to 1.
    value
        Bound on the difference of S_global, nats: the sum over all pixels.
    per_pixel
        `value` per pixel of the image, nats.
    most
        The largest difference there could be without any certificate, nats; `value` is never above it.
    """

    total_variation: float
    value: float
    per_pixel: float
    most: float

    @property
    def vacuous(self) -> bool:
        """Whether the certificate says nothing about leakage."""
        return self.value >= self.most


def leakage_bound(epsilon: float, delta: float, spurious: npt.ArrayLike, truth: npt.ArrayLike) -> LeakageBound:
    """Return what a certificate implies for S_global on images like these.

    Parameters
    ----------
    epsilon
        0 or more.
    delta
        From 0 to 1.
    spurious
        Where a spurious artefact lies, bool or 0 and 1, shape (N, H, W); only how often it and each class occur at each
        pixel is used.
    truth
        True class ids, shape (N, H, W).

    Returns
    -------
    LeakageBound
        Of the difference to the reference.

    Raises
    ------
    ValueError
        The numbers or shapes make no sense.
    """
    tau = total_variation(epsilon, delta)
    observations = observe(spurious, truth, np.ones(np.shape(truth), np.uint8))
    tables = observations.tables(1)
    joint, artefact, classes = (
        _entropy(counts.reshape(-1, tables.shape[-1])) for counts in (tables, tables.sum(axis=1), tables.sum(axis=0))
    )
    most = np.minimum(artefact, classes)
    moved = pixel_bound(tau, joint + artefact + classes)
    value = float(np.minimum(moved, most).sum())
    return LeakageBound(tau, value, value / most.size, float(most.sum()))


def pixel_bound(tau: float, entropies: FloatArray) -> FloatArray:
    """Return the bound at each pixel, without the cap.

    Parameters
    ----------
    tau
        Total variation.
    entropies
        H(S, Y) + H(S) + H(Y) at each pixel, nats.

    Returns
    -------
    ndarray of float64
        Nats; infinite where the bound does not hold, that is for tau above 1/e.
    """
    if tau > 1 / np.e:
        return np.full_like(entropies, np.inf)
    return np.asarray((4 * tau * np.log(1 / tau) if tau else 0.0) + tau * entropies, np.float64)


def total_variation(epsilon: float, delta: float) -> float:
    """Return how far two distributions can be apart that a certificate calls alike.

    Raises
    ------
    ValueError
        epsilon is negative or delta is not from 0 to 1.
    """
    if not epsilon >= 0:
        raise ValueError(f"epsilon must be 0 or more, but it is {epsilon}.")
    if not 0 <= delta <= 1:
        raise ValueError(f"delta must be from 0 to 1, but it is {delta}.")
    # tanh(epsilon / 2) is (e^epsilon - 1) / (e^epsilon + 1) without overflow.
    return float(np.tanh(epsilon / 2) + delta * (1 - np.tanh(epsilon / 2)))


def _entropy(counts: npt.NDArray[np.int64]) -> FloatArray:
    total = counts.sum(axis=0)
    terms = entropy_terms(total, "plug-in") - entropy_terms(counts, "plug-in").sum(axis=0)
    return np.asarray(terms / np.maximum(1, total), np.float64)
