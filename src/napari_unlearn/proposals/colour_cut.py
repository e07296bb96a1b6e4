"""Outline by colour, as in GrabCut: colours of lesion and surroundings are learned in turn with the shortest border.

Rother, Kolmogorov and Blake 2004, GrabCut (ACM TOG 23(3), doi 10.1145/1015706.1015720) alternates between colour models
and a cut. Here the colour models are smoothed histograms in L*a*b*, and the cut is its continuous counterpart:
total-variation denoising of the log-likelihood ratio, thresholded at 0 (Chambolle 2005, doi 10.1007/11585978_10), for
which scikit-image has the solver.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.restoration import denoise_tv_chambolle

from napari_unlearn.proposals.frame import Bool, Frame

BINS = 16
ROUNDS = 4
BORDER = 1.5  # how much a longer border has to explain
LARGEST = 4.0  # log-likelihood ratio that a single pixel may have


def propose(frame: Frame) -> Bool:
    """Find the lesion.

    Parameters
    ----------
    frame : Frame
        What to look at.

    Returns
    -------
    ndarray of bool, shape (h, w)
    """
    bins = _bins(frame.lab)
    depth = frame.depth
    found = depth > 0.3 * depth.max()
    for _ in range(ROUNDS):
        if not found.any() or found.all():
            break
        ratio = np.log(_frequencies(bins, found)[bins]) - np.log(_frequencies(bins, ~found)[bins])
        ratio = np.clip(ratio, -LARGEST, LARGEST)
        ratio[~frame.inside] = -LARGEST
        following = (denoise_tv_chambolle(ratio, weight=BORDER, max_num_iter=60) > 0) & frame.inside
        if np.array_equal(following, found):
            break
        found = following
    return np.asarray(found)


def _bins(lab: NDArray[np.float64]) -> NDArray[np.intp]:
    low, high = lab.min(axis=(0, 1)), lab.max(axis=(0, 1))
    steps = ((lab - low) / np.maximum(high - low, 1e-9) * (BINS - 1e-6)).astype(np.intp)
    return np.asarray(steps[..., 0] * BINS * BINS + steps[..., 1] * BINS + steps[..., 2])


def _frequencies(bins: NDArray[np.intp], where: Bool) -> NDArray[np.float64]:
    counts = np.bincount(bins[where], minlength=BINS**3).reshape(BINS, BINS, BINS).astype(float)
    smoothed = ndimage.gaussian_filter(counts, 1.0) + 1e-3
    return np.asarray(smoothed.ravel() / smoothed.sum())
