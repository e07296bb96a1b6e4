"""Labels layers for which napari draws nothing beforehand that only a tool needs.

With every layer of labels napari makes what shows the polygon that is being drawn, and since 0.9 the stroke that fills
what it goes around: two fifths of what it costs to add the layer, in the thread of the window, and most layers are only
looked at. napari makes what is not visible only once it is, so it is invisible here until the tool is taken in hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray


def lean_labels(data: NDArray[np.uint8], **options: Any) -> Labels:
    """Make a Labels layer.

    Parameters
    ----------
    data : ndarray of uint8, shape (H, W)
        Labels.
    **options : Any
        As napari takes them.

    Returns
    -------
    napari.layers.Labels
    """
    layer = Labels(data, **options)
    # Not public; where napari keeps them elsewhere one day, the layer only takes longer to add.
    for overlay in getattr(layer, "_overlays", {}).values():
        if hasattr(overlay, "enabled") and overlay.visible:
            overlay.visible = False
            overlay.events.enabled.connect(lambda _, overlay=overlay: setattr(overlay, "visible", True))
    return layer
