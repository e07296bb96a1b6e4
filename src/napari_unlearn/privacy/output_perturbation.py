"""Output perturbation: clip the model into a ball around a public centre, then add noise once.

The ball has radius C0, so any two models in it are at most 2 C0 apart and one Gaussian mechanism hides which of them
was the start. Dwork, McSherry, Nissim and Smith (TCC 2006) with the exact calibration of Balle and Wang (ICML 2018).
"""

from __future__ import annotations

from napari_unlearn.privacy import gaussian_dp
from napari_unlearn.privacy.ranges import positive


def sigma(epsilon: float, delta: float, *, radius: float) -> float:
    """Return the noise per parameter that the budget needs: 2 C0 / mu(epsilon, delta).

    Parameters
    ----------
    epsilon, delta
        Budget, epsilon 0 or more and delta strictly between 0 and 1.
    radius
        C0, largest norm of the clipped distance to the public centre, in parameter units; fixed before seeing the
        model.

    Returns
    -------
    float
        Standard deviation, in parameter units.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_sigma(sensitivity(radius=radius), epsilon, delta)


def mu(sigma: float, *, radius: float) -> float:
    """Return the mu that this noise gives: 2 C0 / sigma.

    Raises
    ------
    ValueError
        A number is out of range.
    """
    return gaussian_dp.gaussian_mu(sensitivity(radius=radius), sigma)


def sensitivity(*, radius: float) -> float:
    """Return the diameter of the ball, 2 C0.

    Raises
    ------
    ValueError
        The radius is out of range.
    """
    return 2 * positive("radius", radius)
