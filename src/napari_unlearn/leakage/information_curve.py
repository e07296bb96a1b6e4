"""How much a mask of given coarseness tells about artefacts: I(artefact; true class | coarse label) against coarseness.

What a model can learn of a shortcut from its labels is in the labels: at pixels that a coarse mask calls lesion, an
artefact may tell whether they are. Finer masks leave less of it (Saab et al., 2022, on spatial specificity). The curve
shows how much a finer mask would take away, before anyone paints it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt

from napari_unlearn.leakage.estimate import Estimate, Estimator
from napari_unlearn.leakage.global_leakage import s_global
from napari_unlearn.leakage.resampled import Interval


@dataclass(frozen=True, eq=False)
class CurvePoint:
    """One coarseness.

    Attributes
    ----------
    coarseness
        What the masks are like.
    estimate
        Leakage of the masks, as if they were the predictions of a model: `Estimate.value` is the information in an
        image, `Estimate.normalised` that in a pixel of the mask.
    """

    coarseness: str
    estimate: Estimate


def information_curve(
    spurious: npt.ArrayLike,
    truth: npt.ArrayLike,
    coarse: Mapping[str, npt.ArrayLike],
    *,
    classes: Sequence[int] | None = None,
    estimator: Estimator = "permutation-null",
    interval: Interval = "studentised",
    resamples: int = 200,
    seed: int = 0,
) -> list[CurvePoint]:
    """Measure what masks of each coarseness tell.

    Parameters
    ----------
    spurious
        Where a spurious artefact lies, bool or 0 and 1, shape (N, H, W).
    truth
        True class ids, shape (N, H, W).
    coarse
        By coarseness, the masks of the same images, class ids, shape (N, H, W).
    classes, estimator, interval, resamples, seed
        As for `s_global`.

    Returns
    -------
    list of CurvePoint
        In the order of `coarse`.

    Raises
    ------
    ValueError
        As for `s_global`.
    """
    return [
        CurvePoint(
            name,
            s_global(
                spurious,
                truth,
                masks,
                classes=classes,
                estimator=estimator,
                interval=interval,
                resamples=resamples,
                seed=seed,
            ),
        )
        for name, masks in coarse.items()
    ]
