"""Turns the document into napari layers, and is the only place that adds, finds and removes them.

A layer of ours is known by what it is (a role in its metadata) and which object it is, never by its name or place:
users rename, move and delete layers freely. A deleted layer is made again when it is needed next.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap, DirectLabelColormap
from numpy.typing import NDArray

from napari_unlearn.plugin import colours
from napari_unlearn.plugin.lean_labels import lean_labels
from napari_unlearn.plugin.outline import outline
from napari_unlearn.plugin.picture_pairs import LINE

KEY = "napari-unlearn"


class Role(StrEnum):
    """What a layer shows; the value is its name when it is made."""

    IMAGE = "Image"
    PREDICTION = "Prediction"
    BEFORE = "Prediction before"
    AFTER = "Prediction after"
    SPLIT = "Before and after"
    DIFFERENCE = "Difference"
    LEAKAGE_BEFORE = "Leakage before"
    LEAKAGE_AFTER = "Leakage after"
    FINE = "Fine mask"
    ARTEFACTS = "Dilation artefacts"
    SPURIOUS = "Spurious artefacts"
    COARSE = "Coarse outline"


ORDER = tuple(Role)  # from bottom to top
OPACITY = {Role.FINE: 0.2, Role.ARTEFACTS: 0.6, Role.COARSE: 1.0, Role.LEAKAGE_BEFORE: 0.9, Role.LEAKAGE_AFTER: 0.9}
PREDICTIONS = (Role.PREDICTION, Role.BEFORE, Role.AFTER)
CONTRASTS = (Role.SPLIT, Role.DIFFERENCE)
GEOMETRY = ("scale", "translate", "units")
PLAIN: dict[str, Any] = {"scale": (1.0, 1.0), "translate": (0.0, 0.0), "units": ("pixel", "pixel")}
LEAKAGES = (Role.LEAKAGE_BEFORE, Role.LEAKAGE_AFTER)


class LayerBook:
    """The layers of one viewer that belong to the document.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are shown.
    classes : int
        Number of classes, with background.
    """

    def __init__(self, viewer: Any, classes: int = 2) -> None:
        self.viewer = viewer
        self.classes = classes
        self._own: dict[Role, Any] = {}
        self._coloured: dict[Role, int] = {}  # for how many classes; colouring draws the whole layer anew
        self._geometry: dict[str, Any] = {}  # of the image: outlives a layer that the user removes
        self._spreading = False
        self._unselected: Any = None  # an image that is to be selected, but not yet
        self._spacing: tuple[float, float] | None = None  # as the file of the image says
        self._by_user: dict[str, Any] = {}  # geometry that the user gave images whose files say nothing

    def find(self, role: Role) -> Any | None:
        """Layer of `role`, None when the user has removed it or it never was."""
        layer = self._own.get(role)
        if layer is not None and layer in self.viewer.layers:
            return layer
        found = next((layer for layer in self.viewer.layers if layer.metadata.get(KEY) == role.value), None)
        if found is not None:
            self._own[role] = found
        return found

    def show_image(
        self, image: NDArray[np.uint8], spacing: tuple[float, float] | None = None, visible: bool = True
    ) -> Any:
        """Show the image of a case, in millimetres where its file tells its spacing.

        Parameters
        ----------
        image : ndarray of uint8, shape (H, W, 3)
            RGB.
        spacing : tuple of float, optional
            Millimetres between rows and between columns.
        visible : bool
            Whether a layer that is made now can be seen at first; here as below, one that is there stays as it is.
            One that cannot be seen is not selected either, until `reveal` and `select_image` do both.

        Returns
        -------
        napari.layers.Image
        """
        changed, self._spacing = spacing != self._spacing, spacing
        if changed:
            known = {**PLAIN, "scale": spacing, "units": ("mm", "mm")}
            self._geometry = known if spacing is not None else {**PLAIN, **self._by_user}
        if not visible and self.find(Role.IMAGE) is None:
            self._unselected = layer = self._add(Role.IMAGE, image, select=False, visible=False)
        else:
            layer = self._put(Role.IMAGE, image)
        if changed:
            self._spread()
        return layer

    def reveal(self) -> None:
        """Let the image be seen."""
        layer = self.find(Role.IMAGE)
        if layer is not None and not layer.visible:
            layer.visible = True

    def select_image(self) -> None:
        """Select an image that was not when it was added, where nothing else has been selected since."""
        layer, self._unselected = self._unselected, None
        selection = self.viewer.layers.selection
        if layer is not None and not selection and layer in self.viewer.layers:
            selection.active = layer

    def show_coarse(self, coarse: NDArray[np.uint8], ring: NDArray[np.uint8] | None = None) -> Any:
        """Show the outline of a coarse mask, class ids of shape (H, W); `ring` where it is known already."""
        return self._put(Role.COARSE, outline(coarse) if ring is None else ring)

    def show_fine(self, fine: NDArray[np.uint8], visible: bool = True) -> Any:
        """Show the fine mask to edit; the layer works on this very array and starts without undo history.

        Parameters
        ----------
        fine : ndarray of uint8, shape (H, W)
            Class ids.
        visible : bool
            Whether a layer that is made now can be seen at first.

        Returns
        -------
        napari.layers.Labels
        """
        layer = self._put(Role.FINE, fine, visible=visible)
        layer.editable = False  # the public way to empty the undo history
        layer.editable = True
        return layer

    def show_artefacts(self, artefacts: NDArray[np.uint8], visible: bool = True) -> Any:
        """Show the overlay of dilation artefacts, not editable."""
        layer = self._put(Role.ARTEFACTS, artefacts, visible=visible)
        layer.editable = False
        return layer

    def show_spurious(self, flags: NDArray[np.uint8], flag: int) -> Any:
        """Show the artefact map to edit, `flag` in a colour of its own; the layer works on this very array.

        Parameters
        ----------
        flags : ndarray of uint8, shape (H, W)
            Bit flags as in `data.artefacts`.
        flag : int
            The kind that is marked.

        Returns
        -------
        napari.layers.Labels
        """
        layer = self._put(Role.SPURIOUS, flags)
        layer.editable = False  # the public way to empty the undo history
        layer.editable = True
        layer.colormap = DirectLabelColormap(color_dict=colours.flag_colours(flag))
        return layer

    def show_prediction(self, role: Role, prediction: NDArray[np.uint8], visible: bool = True) -> Any:
        """Show a prediction, class ids of shape (H, W), under one of the roles of predictions and contrasts."""
        layer = self._put(role, prediction, visible=visible)
        layer.editable = False
        return layer

    def show_leakage(
        self, role: Role, leakage: NDArray[np.floating], limits: tuple[float, float], visible: bool = True
    ) -> Any:
        """Show a leakage map in nats, stretched over the image whatever its own resolution.

        Parameters
        ----------
        role : Role
            One of the two leakage roles.
        leakage : ndarray of float, shape (h, w)
            Nats per pixel.
        limits : tuple of float
            Contrast limits, the same before and after.
        visible : bool
            Whether a layer that is made now can be seen at first.

        Returns
        -------
        napari.layers.Image
        """
        data = np.asarray(leakage, np.float32)
        # All of it is given when the layer is made: whatever is set later is worked out and drawn anew.
        stretched = self._stretched(data.shape)
        layer = self._put(role, data, visible=visible, contrast_limits=limits, **stretched)
        layer.contrast_limits = limits
        for name, value in stretched.items():
            setattr(layer, name, value)
        return layer

    def turn(self, old: Role, new: Role) -> None:
        """Let the layer of `old` be that of `new` from now on: removing and adding one stops the window for long."""
        layer = self.find(old)
        if layer is None or self.find(new) is not None:
            return
        if layer.name == old.value:  # else the user has named it
            layer.name = new.value
        layer.metadata = {**layer.metadata, KEY: new.value}
        self._own[new] = self._own.pop(old)
        self._coloured.pop(new, None)

    def remove(self, roles: Sequence[Role]) -> None:
        """Remove layers, those of them that are there."""
        for role in roles:
            layer = self.find(role)
            if layer is not None:
                self.viewer.layers.remove(layer)
            self._own.pop(role, None)

    def show_only(self, roles: Sequence[Role]) -> None:
        """Make exactly these of our layers visible, and the image; other people's layers stay as they are."""
        for role in ORDER:
            layer = self.find(role)
            wanted = role is Role.IMAGE or role in roles
            # napari draws the whole canvas anew even where nothing changes.
            if layer is not None and layer.visible != wanted:
                layer.visible = wanted

    def _put(self, role: Role, data: NDArray[Any], **options: Any) -> Any:
        layer = self.find(role)
        if layer is not None and layer.ndim != 2:
            self.remove([role])
            layer = None
        if layer is None:
            return self._add(role, data, **options)
        layer.data = data
        recoloured = role in PREDICTIONS or role in (Role.FINE, Role.SPLIT)
        if recoloured and self._coloured.get(role) != self.classes:
            layer.colormap = self._colormap(role)
            self._coloured[role] = self.classes
        return layer

    def _add(self, role: Role, data: NDArray[Any], select: bool = True, **further: Any) -> Any:
        options: dict[str, Any] = {"name": role.value, "metadata": {KEY: role.value}}
        options["opacity"] = OPACITY.get(role, 0.5 if role is not Role.IMAGE else 1.0)
        options |= self._geometry | further
        if role is Role.IMAGE:
            layer = Image(data, rgb=True, **options)
            for name in GEOMETRY:
                getattr(layer.events, name).connect(self._on_geometry)
        elif role in LEAKAGES:
            layer = Image(data, colormap=Colormap(colours.LEAKAGE, name="leakage"), blending="translucent", **options)
        else:
            layer = lean_labels(data, colormap=self._colormap(role), **options)
        self._coloured[role] = self.classes
        self._insert(self._place(role), layer, select)
        self._own[role] = layer
        return layer

    def _insert(self, place: int, layer: Any, select: bool) -> None:
        selection = self.viewer.layers.selection
        selected = selection.active
        if selected is None and select and self._unselected is None:
            self.viewer.layers.insert(place, layer)
            return
        # napari selects what is new; to show its controls for a moment takes as long as to make them.
        with selection.events.blocker_all():
            self.viewer.layers.insert(place, layer)
            selection.active = selected

    def _on_geometry(self, event: Any) -> None:
        """Let the other layers lie on the image when the user scales or moves it."""
        image = self.find(Role.IMAGE)
        if image is None or self._spreading:
            return
        self._geometry = {name: getattr(image, name) for name in GEOMETRY}
        if self._spacing is None:
            self._by_user = self._geometry
        self._spread(image)

    def _spread(self, besides: Any = None) -> None:
        """Give every layer the geometry that is known of the image, `besides` one that has it already."""
        self._spreading = True
        try:
            for role in ORDER:
                layer = self.find(role)
                if layer is None or layer is besides:
                    continue
                stretched = self._stretched(layer.data.shape) if role in LEAKAGES else {}
                for name, value in (self._geometry | stretched).items():
                    setattr(layer, name, value)
        finally:
            self._spreading = False

    def _stretched(self, shape: tuple[int, ...]) -> dict[str, Any]:
        """Geometry that lays a picture of any resolution over the whole image."""
        image = self.find(Role.IMAGE)
        if image is None:
            return {}
        ratio, scale = np.asarray(image.data.shape[:2]) / np.asarray(shape), np.asarray(image.scale)
        # Pixel centres, not corners, carry the coordinates.
        return {"scale": scale * ratio, "translate": np.asarray(image.translate) + scale * (ratio - 1) / 2}

    def _place(self, role: Role) -> int:
        # Above the highest layer of ours that belongs below it.
        below = [self.find(other) for other in ORDER[: ORDER.index(role)]]
        places = [self.viewer.layers.index(layer) for layer in below if layer is not None]
        return max(places) + 1 if places else 0

    def _colormap(self, role: Role) -> DirectLabelColormap:
        if role is Role.COARSE:
            table = colours.one_colour(colours.COARSE)
        elif role is Role.ARTEFACTS:
            table = colours.one_colour(colours.ARTEFACT)
        elif role is Role.SPURIOUS:
            table = colours.one_colour(colours.MARKED)
        elif role is Role.DIFFERENCE:
            table = {None: "transparent", 0: "transparent", **colours.DIFFERENCE}
        else:
            table = colours.label_colours(range(1, self.classes))
            if role is Role.SPLIT:
                table[LINE] = colours.LINE
        return DirectLabelColormap(color_dict=table)
