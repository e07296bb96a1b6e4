"""The layer of a proposal: a mask to look at and to brush on, which is nobody's mask until it is accepted."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.layers import KEY
from napari_unlearn.plugin.lean_labels import lean_labels

NAME = "Proposal"
OPACITY = 0.4


class ProposalLayer:
    """At most one proposal in a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._layer: Any | None = None

    @property
    def layer(self) -> Any | None:
        """The layer; None where nothing is proposed or the user has removed it."""
        return self._layer if self._layer is not None and self._layer in self._viewer.layers else None

    def show(self, mask: NDArray[np.uint8], like: Any, class_id: int) -> None:
        """Show a proposal on top of everything, ready to be brushed.

        Parameters
        ----------
        mask : ndarray of uint8, shape (H, W)
            Class ids, or 1 where an artefact is.
        like : napari.layers.Image
            The image it belongs to.
        class_id : int
            What a brush paints on it.
        """
        layer = self.layer
        if layer is None:
            self._layer = layer = lean_labels(
                mask,
                name=NAME,
                opacity=OPACITY,
                scale=like.scale,
                translate=like.translate,
                units=like.units,
                colormap=DirectLabelColormap(color_dict=colours.one_colour(colours.PROPOSAL)),
                metadata={KEY: NAME},
            )
            self._viewer.layers.append(layer)
        else:
            layer.data = mask
        layer.visible = True
        layer.selected_label = class_id

    def close(self) -> None:
        """Take the proposal away."""
        layer, self._layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)
