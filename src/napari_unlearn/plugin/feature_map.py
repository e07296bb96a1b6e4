"""Controller of the map of cases: a layer of points below the image; a click on a point opens its case."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points
from qtpy.QtCore import QObject

from napari_unlearn.errors import UserError
from napari_unlearn.jobs import feature_space
from napari_unlearn.plugin import colours
from napari_unlearn.plugin.bench import Bench
from napari_unlearn.plugin.layers import KEY, Role
from napari_unlearn.plugin.texts import STEPS

if TYPE_CHECKING:
    from napari_unlearn.evaluation.feature_space import FeatureSpace

NAME = "Feature map"
BELOW = "napari-unlearn below"  # in the metadata: height and width of the image that the map was made for
GAP = 0.06  # between panels, as a share of their side
HEAD = 0.14  # between the image and the panels, where their names stand
SYMBOLS = ("disc", "square", "triangle_up", "diamond", "cross", "star")
FEW = 3  # classes, with background
THIN, WIDE = 0.12, 0.28  # rims, as a share of the point


class FeatureMap(QObject):
    """One square panel a model, side by side below the image, on the same axes.

    Parameters
    ----------
    bench : Bench
        What the controllers share.
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        self._legend = bench.dock.compare.map_legend
        bench.viewer.mouse_drag_callbacks.append(self._on_press)
        bench.viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Points | None:
        """The layer, None when the user has removed it or it never was."""
        layers = self._bench.viewer.layers
        return next((layer for layer in layers if layer.metadata.get(KEY) == NAME), None)

    def show(self) -> None:
        """Compute the map of the models that step 4 is about, and lay it below the image.

        Raises
        ------
        UserError
            There is no revised model.
        """
        before, after = self._bench.compared
        if before is None or after is None:
            raise UserError("There is no revised model to compare with; run Unlearn first.")
        request = feature_space.FeatureSpaceRequest(
            self._bench.project.dataset.root, (("before", before), ("after", after))
        )
        self._bench.run(feature_space.events, request, self._on_done)

    def place(self) -> None:
        """Lay the map below the image again, which may have another size now."""
        layer, image = self.layer, self._bench.book.find(Role.IMAGE)
        if layer is not None and image is not None:
            higher, wider = np.subtract(image.data.shape[:2], layer.metadata[BELOW])
            layer.translate = np.asarray(image.translate) + np.asarray(image.scale) * (higher, wider / 2)

    def _on_done(self, space: FeatureSpace) -> None:
        old = self.layer
        if old is not None:
            self._bench.viewer.layers.remove(old)
        image = self._bench.book.find(Role.IMAGE)
        if image is None:
            raise UserError("The image was removed; open a case first (step 1).")
        classes = self._bench.project.dataset.classes
        layer = map_layer(space, image, classes)
        self._bench.viewer.layers.append(layer)
        layer.editable = False  # points are cases, and none can be added
        self._bench.viewer.reset_view()
        self._bench.dock.show_step(STEPS.index("Compare"))
        self._legend.show_entries(*signs(space, classes))
        self._bench.dock.messages.note(
            "The map lies below the image, one panel for each model. Click a point to open its case."
        )

    def _on_removed(self, event: object) -> None:
        if self.layer is None and not self._legend.isHidden():
            self._legend.hide()
            self._bench.viewer.reset_view()  # the image gets the room back

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        moved = False
        yield
        while event.type == "mouse_move":
            moved = True
            yield
        case_id = None if moved else self._case_at(event)
        if case_id is not None:
            self._bench.attempt(lambda: self._open(case_id))

    def _case_at(self, event: Any) -> str | None:
        layer = self.layer
        if layer is None or not layer.visible or not self._bench.has_project:
            return None
        place = layer.get_value(
            event.position, view_direction=event.view_direction, dims_displayed=event.dims_displayed, world=True
        )
        # The name of a panel is a point as well, and is no case.
        return None if place is None else str(layer.features["case"].iloc[int(place)]) or None

    def _open(self, case_id: str) -> None:
        if all(case.id != case_id for case in self._bench.project.dataset.cases):
            raise UserError(f"The case {case_id} is not in the data set that is open; make the map anew.")
        self._bench.switching.go(case_id)


def map_layer(space: FeatureSpace, image: Any, classes: Sequence[str] = ()) -> Points:
    """Make the layer.

    Parameters
    ----------
    space : FeatureSpace
        The cases.
    image : napari.layers.Image
        What it lies below, with its scale and place; panels are as wide as the image is high.
    classes : sequence of str
        As for `signs`.

    Returns
    -------
    napari.layers.Points
        Its features say of each point the case, the model, the diagnosis, the artefact and the forget set. The last
        points carry the names of the panels.
    """
    height, width = image.data.shape[:2]
    shown = ~np.isnan(space.points).any(axis=2)
    known = space.points[shown]
    low, high = (known.min(axis=0), known.max(axis=0)) if len(known) else (np.zeros(2), np.ones(2))
    span = max(float((high - low).max()), 1e-12)
    across = 0.5 + 0.9 * (space.points[..., 0] - (low[0] + high[0]) / 2) / span
    down = 0.05 + 0.9 * (high[1] - space.points[..., 1]) / span
    panel, _ = np.nonzero(shown)
    count = len(space.models)
    left = width / 2 + height * ((1 + GAP) * (np.arange(count) - count / 2) + GAP / 2)
    places = np.column_stack([height * (1 + HEAD + down[shown]), left[panel] + height * across[shown]])
    heads = np.column_stack([np.full(count, height * (1 + HEAD / 2)), left + height / 2])
    features = {
        "case": np.tile(space.cases, count)[shown.ravel()],
        "model": np.repeat(space.models, len(space.cases))[shown.ravel()],
        "diagnosis": np.tile(space.diagnosis, count)[shown.ravel()],
        "artefact": np.tile(space.artefact, count)[shown.ravel()],
        "forget": np.tile(space.forget, count)[shown.ravel()],
    }
    diagnoses, artefacts = signs(space, classes)
    forgotten = ["forgotten" in name for name in features["forget"]]
    named = {name: [*values, *([""] * count)] for name, values in features.items()}
    named["label"] = [*([""] * len(places)), *space.models]
    return Points(
        np.concatenate([places, heads]),
        features=named,
        name=NAME,
        scale=image.scale,
        translate=image.translate,
        units=image.units,
        size=height / 32,
        face_color=[*(diagnoses[name] for name in features["diagnosis"]), *(["transparent"] * count)],
        symbol=[*(artefacts[name] for name in features["artefact"]), *([SYMBOLS[0]] * count)],
        border_color=[
            *(colours.RIM_FORGOTTEN if value else colours.RIM for value in forgotten),
            *(["transparent"] * count),
        ],
        border_width=[*(WIDE if value else THIN for value in forgotten), *([0.0] * count)],
        text={"string": "{label}", "color": colours.RIM, "size": 12, "anchor": "center"},
        metadata={KEY: NAME, BELOW: (height, width)},
    )


def signs(space: FeatureSpace, classes: Sequence[str] = ()) -> tuple[dict[str, str], dict[str, str]]:
    """Choose what stands for what.

    Parameters
    ----------
    space : FeatureSpace
        The cases.
    classes : sequence of str
        Names of the classes by id: a diagnosis that is one has its colour, as long as they are few enough to be seen on
        any canvas.

    Returns
    -------
    tuple of dict
        Colour of each diagnosis, and symbol of each kind of artefact.
    """
    diagnoses = sorted(set(space.diagnosis))
    artefacts = sorted(set(space.artefact), key=lambda name: (name != "none", name))
    own = {name: colours.class_colour(k) for k, name in enumerate(classes) if k and len(classes) <= FEW}
    # The first of the others looks too much like the first class.
    others = itertools.cycle((*colours.POINTS[1:], colours.POINTS[0]))
    return (
        {name: own.get(name) or next(others) for name in diagnoses},
        {name: SYMBOLS[place % len(SYMBOLS)] for place, name in enumerate(artefacts)},
    )
