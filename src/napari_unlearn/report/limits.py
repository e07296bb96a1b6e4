"""What a report does not show: said of every run, and of what this one lacks."""

from __future__ import annotations

from collections.abc import Sequence

from napari_unlearn.report.numbers import SplitNumbers

FEW = 50
"""Cases of the rarer diagnosis below which the report warns."""


def limits(splits: Sequence[SplitNumbers], refined: int | None) -> list[str]:
    """Say what the numbers of a model do not show.

    Parameters
    ----------
    splits : sequence of SplitNumbers
        All that was measured.
    refined : int or None
        Refined training cases.

    Returns
    -------
    list of str
    """
    found = [
        "For research. This software and its models are not medical devices, and nothing here may guide the care of a "
        "patient.",
    ]
    if not splits:
        found.append("Nothing was measured here, so nothing is said about how good the model is.")
    for split in splits:
        found += _about_split(split)
    if splits:
        found.append(
            "The numbers hold for these cases. Other clinics, cameras, skin types and diagnoses may give other ones, "
            "and whether the test cases stand for them is not something that a program can check."
        )
        found.append("Not shown here: whether a membership attack could still tell forgotten pixels from others.")
    if refined is not None:
        found.append(
            f"The fine {'mask of one refined case was' if refined == 1 else f'masks of {refined} refined cases were'} "
            "taken as true. People drew them, and may be wrong or disagree."
        )
    return found


def report_limits(masks: str, *, pictures: bool, before: bool) -> list[str]:
    """Say what holds of the report itself, and not of a model card.

    Parameters
    ----------
    masks : str
        ``same``, ``changed`` or ``unknown``: the masks of the data set beside those of the run.
    pictures : bool
        Whether there are any.
    before : bool
        Whether the model before was measured as well.

    Returns
    -------
    list of str
    """
    found = []
    if masks == "changed":
        found.append(
            "The masks of the data set have changed since the run, so the pictures show today's masks and not the ones "
            "that were forgotten."
        )
    if pictures:
        found.append("Pictures were chosen by their place in the list of cases, so they are no proof in either way.")
    if before:
        found.append(
            "Before and after were measured on the same cases. Unless an interval of the difference is given, a small "
            "difference may be chance."
        )
    found.append(
        "No guarantee covers this report: it compares with the model before, and shows images and names of cases. "
        "Treat it like the data set."
        if before or pictures
        else "No guarantee covers this report: it tells of masks and losses of the run. Treat it like the data set."
    )
    return found


def _about_split(split: SplitNumbers) -> list[str]:
    found = []
    auroc = next((entry.after for entry in split.measures if entry.name == "AUROC"), None)
    if auroc is not None and split.positive is not None:
        rarer = min(split.positive, split.cases - split.positive)
        found.append(
            f"AUROC on {split.name} rests on {split.positive} cases with the diagnosis and "
            f"{split.cases - split.positive} without"
            + ("; that is few, and one case more or less would move it visibly" if rarer < FEW else "")
            + ("; no interval was computed." if auroc[1] is None else ".")
        )
    if split.name.lower().startswith("train"):
        found.append(f"The model learned from cases of {split.name}, so the numbers there are flattered.")
    return found
