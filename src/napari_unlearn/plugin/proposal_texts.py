"""What the window says about each way to propose a mask, with what was measured; docs/refining.md has the tables."""

from __future__ import annotations

from napari_unlearn.data.artefacts import DARK_CORNER

_DICE = (
    "Overlap with expert masks (Dice), 60 ISIC images: {box} from boxes, {grown} from grown outlines, where the coarse "
    "masks themselves have {box_itself} and {grown_itself}."
)


def _dice(box: str, grown: str) -> str:
    return _DICE.format(box=box, grown=grown, box_itself="0.615", grown_itself="0.741")


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
    (
        "dark-corner",
        "Artefact: dark corners",
        "Found in 91 % of 142 ISIC images that have them and in 6 % of 158 that have none; how exact its outline is "
        "was not measured.",
    ),
)
# Name -> flag, module and function of a detector.
ARTEFACTS: dict[str, tuple[int, str, str]] = {
    "dark-corner": (DARK_CORNER, "napari_unlearn.proposals.dark_corner", "propose"),
}
