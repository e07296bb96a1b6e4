"""What the window says about each way to propose a mask, with what was measured; docs/refining.md has the tables."""

from __future__ import annotations

_DICE = (
    "Overlap with expert masks (Dice), 60 ISIC images: {box} from boxes, {grown} from grown outlines, where the coarse "
    "masks themselves have {box_itself} and {grown_itself}."
)


def _dice(box: str, grown: str) -> str:
    return _DICE.format(box=box, grown=grown, box_itself="0.62", grown_itself="0.74")


# Name, title, what was measured.
METHODS: tuple[tuple[str, str, str], ...] = (
    ("colour-cut", "Lesion by colour (like GrabCut)", _dice("0.88", "0.89")),
    ("random-walker", "Lesion by edges (random walker)", _dice("0.87", "0.89")),
    ("chan-vese", "Lesion by evenness (Chan-Vese)", _dice("0.87", "0.87")),
    (
        "model",
        "Lesion by the model in use",
        "Not measured for your model; the numbers under Compare tell how well it does.",
    ),
)
# Name -> flag, module and function of a detector.
ARTEFACTS: dict[str, tuple[int, str, str]] = {}
