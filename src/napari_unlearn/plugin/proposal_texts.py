"""What the window says about each way to propose a mask, with what was measured; docs/refining.md has the tables."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.data.artefacts import DARK_CORNER, HAIR, INK, RULER

_DICE = (
    "Overlap with expert masks (Dice), 60 ISIC images: {box} from boxes, {grown} from grown outlines, where the coarse "
    "masks themselves have {box_itself} and {grown_itself}."
)


def _dice(box: str, grown: str) -> str:
    return _DICE.format(box=box, grown=grown, box_itself="0.615", grown_itself="0.741")


@dataclass(frozen=True)
class Found:
    """In how many annotated images a detector finds something, of how many: with the artefact, and without it."""

    with_it: int
    images_with: int
    without: int
    images_without: int
    limits: str


# python benchmarks/artefact_detectors.py --data DIR
FOUND: dict[str, Found] = {
    "dark-corner": Found(62, 69, 5, 71, "How exact its outline is was not measured."),
    "ruler": Found(79, 95, 14, 45, "Its line and dark ticks are outlined, its letters are not."),
    "hair": Found(61, 64, 54, 76, "Fair hair is not found; how exact the outline is was not measured."),
    "ink": Found(27, 40, 11, 100, "Black ink is not found; how exact the outline is was not measured."),
}
_ARTEFACTS = {
    "ruler": "Ruler (artefact)",
    "hair": "Dark hair (artefact)",
    "ink": "Violet or blue ink (artefact)",
    "dark-corner": "Dark corners (artefact)",
}


def _found(name: str) -> str:
    found = FOUND[name]
    shares = (
        round(100 * part / whole)
        for part, whole in ((found.with_it, found.images_with), (found.without, found.images_without))
    )
    first, second = shares
    return (
        f"Found in {first} % of {found.images_with} ISIC images that have it and in {second} % of "
        f"{found.images_without} that have none. {found.limits}"
    )


# Name, title, what was measured.
METHODS: tuple[tuple[str, str, str], ...] = (
    ("colour-cut", "Lesion by colour (like GrabCut)", _dice("0.877", "0.885")),
    ("random-walker", "Lesion by edges (random walker)", _dice("0.867", "0.890")),
    ("chan-vese", "Lesion by evenness (Chan-Vese)", _dice("0.869", "0.873")),
    (
        "model",
        "Lesion by the model in use",
        "It has learned what its masks taught it: one that was trained on 60 coarse masks had 0.680 and 0.723 on the "
        "same images, less than the methods that know no masks. Try again once it is revised.",
    ),
    *((name, title, _found(name)) for name, title in _ARTEFACTS.items()),
)
# Which flag of the artefact map each detector proposes.
FLAGS = {"ruler": RULER, "hair": HAIR, "ink": INK, "dark-corner": DARK_CORNER}
