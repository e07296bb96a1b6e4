"""Outline without edges: two regions of even colour, with a short border between them.

Chan and Vese 2001, Active contours without edges (IEEE TIP 10(2), doi 10.1109/83.902291), in the morphological form of
Marquez-Neila et al. 2014 (doi 10.1109/TPAMI.2013.106) that scikit-image has.
"""

from __future__ import annotations

import numpy as np
from skimage.segmentation import morphological_chan_vese

from napari_unlearn.proposals.frame import Bool, Frame

ITERATIONS = 60
UNEVEN = 0.6  # how much unevenness counts inside a lesion, against 1 in the skin around it


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
    whole = bool(frame.inside.all())
    unlike = np.linalg.norm(frame.lab - np.median(frame.lab[frame.inside if whole else ~frame.inside], axis=0), axis=2)
    # The darkest spots must not be a region of their own.
    unlike = np.clip(unlike / max(float(np.quantile(unlike[frame.inside], 0.95)), 1e-9), 0, 1)
    # What lies outside is background whatever its colour: a dark corner there must not be half of the picture.
    unlike[~frame.inside] = np.quantile(unlike[frame.inside], 0.05)
    depth = frame.depth
    start = (depth > 0.1 * depth.max()).astype(np.int8)
    found = morphological_chan_vese(unlike, ITERATIONS, init_level_set=start, smoothing=1, lambda1=UNEVEN)
    found = np.asarray(found, bool)
    # The two regions have no names; the lesion is the one less like the surroundings.
    inner, outer = found & frame.inside, ~found & frame.inside
    if inner.any() and outer.any() and unlike[inner].mean() < unlike[outer].mean():
        found = ~found
    return found & frame.inside
