"""Outline by random walks: a pixel is lesion if a walker from it, who avoids edges, more likely ends inside.

Grady 2006, Random walks for image segmentation (IEEE TPAMI 28(11), doi 10.1109/TPAMI.2006.233); scikit-image solves it.
"""

from __future__ import annotations

import numpy as np
from skimage.filters import threshold_otsu
from skimage.segmentation import random_walker

from napari_unlearn.proposals.frame import Bool, Frame

RIM = 0.1  # share that is taken for skin: what lies nearest to the border and is most like the surroundings
BETA = 90.0  # how much an edge holds a walker back
CORE = 0.35  # share of the coarse mask that is taken for lesion: what lies deepest and is most unlike the surroundings


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
    if not np.ptp(frame.lab):
        return np.zeros(frame.inside.shape, bool)  # there is no edge anywhere
    seeds = np.zeros(frame.inside.shape, np.int32)
    seeds[~frame.inside] = 2
    depth = frame.depth
    around = frame.lab[~frame.inside] if not frame.inside.all() else frame.lab[depth <= np.quantile(depth, 0.1)]
    unlike = np.linalg.norm(frame.lab - np.median(around, axis=0), axis=2)
    score = depth / depth.max() + unlike / max(unlike.max(), 1e-9)
    core = frame.inside & (score >= np.quantile(score[frame.inside], 1 - CORE))
    if np.ptp(unlike[frame.inside]) > 0:
        # Where the coarse mask is much larger than the lesion, its middle alone says little.
        core &= (unlike > threshold_otsu(unlike[frame.inside])) | (score == score.max())
    seeds[frame.inside & (score <= np.quantile(score[frame.inside], RIM))] = 2
    seeds[core] = 1
    scaled = (frame.lab - frame.lab.mean(axis=(0, 1))) / max(frame.lab.std(), 1e-9)
    found = random_walker(scaled, seeds, beta=BETA, mode="cg_j", tol=1e-3, channel_axis=-1, prob_tol=0.05)
    return np.asarray(found == 1)
