"""The measured numbers as lines of a table, each with its meaning; a number that is missing says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_unlearn.report.plots import DotPlot, Line, dot_plot

Numbers = Mapping[str, Any]
Interval = tuple[float, float | None, float | None]


@dataclass(frozen=True)
class Measure:
    """One line of the table of numbers.

    Attributes
    ----------
    name : str
        Of the measure.
    meaning : str
        What it says, in plain words.
    before, after : tuple of (float, float or None, float or None), or None
        Value, lower and upper end of the 95 % interval.
    decimals : int
        To write it with.
    missing : str
        Why there is no number, if there is none.
    signed : bool
        Whether plus is written.
    paired : bool
        Whether `after` is a difference between both models on the same images, and `before` has no meaning.
    remark : str
        What to bear in mind about this very number.
    """

    name: str
    meaning: str
    before: Interval | None
    after: Interval | None
    decimals: int = 3
    missing: str = ""
    signed: bool = False
    paired: bool = False
    remark: str = ""

    def written(self, entry: Interval | None) -> str:
        """Write the value of `before` or `after`; "" for none."""
        return "" if entry is None else _written(entry[0], self.decimals, self.signed)

    def interval(self, entry: Interval | None) -> str:
        """Write the interval of `before` or `after`; "" for none."""
        if entry is None or entry[1] is None or entry[2] is None:
            return ""
        if entry[1] == entry[2]:
            return "no spread seen"  # where nothing varies in these images, resampling them tells nothing of others
        low, high = (_written(end, self.decimals, self.signed) for end in entry[1:] if end is not None)
        return f"{low} to {high}"


@dataclass(frozen=True)
class SplitNumbers:
    """What was measured on one split.

    Attributes
    ----------
    name : str
        Of the split.
    cases : int
        With a fine mask.
    positive : int or None
        How many of them have the diagnosis that is looked for; None where that is not known.
    measures : tuple of Measure
        Lines of the table.
    artefacts : tuple of Measure
        Leakage of each kind of artefact.
    """

    name: str
    cases: int
    positive: int | None
    measures: tuple[Measure, ...]
    artefacts: tuple[Measure, ...]


def split_numbers(
    after: Numbers, before: Numbers | None, positives: Mapping[str, int | None]
) -> tuple[SplitNumbers, ...]:
    """Arrange what `evaluate` measured.

    Parameters
    ----------
    after, before : mapping
        What ``evaluate --json`` prints for one model.
    positives : mapping of str to int or None
        By split, how many cases have the diagnosis that is looked for.

    Returns
    -------
    tuple of SplitNumbers
    """
    earlier: Numbers = {} if before is None else before["splits"]
    return tuple(
        SplitNumbers(
            name,
            int(numbers["cases"]),
            positives.get(name),
            _measures(numbers, earlier.get(name, {})),
            _artefacts(numbers, earlier.get(name, {})),
        )
        for name, numbers in after["splits"].items()
    )


def gap(after: Numbers, before: Numbers | None) -> Measure:
    """Arrange the shortcut gap.

    Parameters
    ----------
    after, before : mapping
        What ``evaluate --json`` prints for one model.

    Returns
    -------
    Measure
    """
    return Measure(
        "Shortcut gap",
        "AUROC where shortcut and diagnosis agree minus AUROC where they conflict. A model that does not use the "
        "shortcut is near 0; below 0, cases in conflict happen to be easier.",
        None if before is None else _interval(before, "shortcut_gap"),
        _interval(after, "shortcut_gap"),
        missing="it takes two measured splits whose names end in aligned and conflicting, both with both diagnoses",
        signed=True,
    )


def plots(splits: tuple[SplitNumbers, ...]) -> tuple[DotPlot, ...]:
    """Lay out the numbers that can be compared at a glance.

    Parameters
    ----------
    splits : tuple of SplitNumbers
        All that was measured.

    Returns
    -------
    tuple of DotPlot
        None for a measure that nobody has.
    """
    made = []
    for measure, unit, limits in (
        ("Dice", "overlap with the fine outline, 1 is perfect", (0.0, 1.0)),
        ("AUROC", "0.5 is a coin toss, 1 is perfect", (0.0, 1.0)),
        ("Leakage", "nats per predicted pixel, 0 is none; bars are 95 % intervals", None),
    ):
        lines = [
            Line(split.name.replace("_", " "), entry.before, entry.after)
            for split in splits
            for entry in split.measures
            if entry.name == measure and entry.after is not None
        ]
        if lines:
            made.append(dot_plot(measure, unit, lines, limits))
    return tuple(made)


def _measures(after: Numbers, before: Numbers) -> tuple[Measure, ...]:
    return (
        Measure(
            "Dice",
            "Overlap of the predicted with the fine outline, mean over cases. 1 is perfect, 0 is none.",
            _interval(before, "dice"),
            _interval(after, "dice"),
            missing="no case of this split shows a lesion",
        ),
        Measure(
            "AUROC",
            "How well the score of the model ranks cases by diagnosis: the chance that a case with it scores above one "
            "without. 0.5 is a coin toss.",
            _interval(before, "auroc"),
            _interval(after, "auroc"),
            missing="a diagnosis is missing in metadata.csv, or all cases have the same",
        ),
        Measure(
            "Leakage",
            "What an artefact such as a ruler, lying on a pixel that the model takes for lesion, tells about the true "
            "class of that pixel, in nats per predicted pixel. 0 is nothing; the estimate can fall below 0 by chance.",
            _leakage(before),
            _leakage(after),
            4,
            "fewer than two cases of this split have a map of artefacts",
            remark=_remark(after, before),
        ),
        *_change(after),
        Measure(
            "Counterfactual shift",
            "Mean change of the score for the diagnosis when only the artefact is added to the image, or taken out. 0 "
            "means that it does not matter.",
            _interval(before, "counterfactual_shift"),
            _interval(after, "counterfactual_shift"),
            missing="no case of this split has a map of artefacts",
            signed=True,
        ),
    )


def _artefacts(after: Numbers, before: Numbers) -> tuple[Measure, ...]:
    new, old = _per_artefact(after), _per_artefact(before)
    return tuple(
        Measure(str(name).replace("_", " "), "", old.get(name), new.get(name), 4)
        for name in dict.fromkeys([*new, *old])
    )


def _per_artefact(numbers: Numbers) -> dict[str, Interval]:
    detail = (numbers.get("leakage_detail") or {}).get("per_artefact") or {}
    plain = numbers.get("leakage_per_artefact") or {}
    return {
        name: (float(value), detail.get(name, {}).get("low"), detail.get(name, {}).get("high"))
        for name, value in plain.items()
    }


def _change(after: Numbers) -> tuple[Measure, ...]:
    difference = after.get("leakage_difference")
    if difference is None:
        return ()
    return (
        Measure(
            "Change of leakage",
            "Leakage after minus before, on the same images. Below 0 is less. Its interval says whether the difference "
            "may be chance; the two intervals above do not.",
            None,
            (difference["value"], difference["low"], difference["high"]),
            4,
            signed=True,
            paired=True,
            remark=difference.get("note") or "",
        ),
    )


def _remark(after: Numbers, before: Numbers) -> str:
    """How often shuffled artefacts leak as much, and what the estimate itself remarks."""
    details = {"before": before.get("leakage_detail") or {}, "after": after.get("leakage_detail") or {}}
    chances = [f"{each['p_value']:.3f} {name}" for name, each in details.items() if each.get("p_value") is not None]
    beyond = [
        f"{_written(each['against_chance'], 4, False)} {name}"
        for name, each in details.items()
        if "against_chance" in each
    ]
    notes = [f"{name.capitalize()}: {each['note']}" for name, each in details.items() if each.get("note")]
    if chances:
        notes = [f"Chance that artefacts shuffled among the images leak as much: {', '.join(chances)}.", *notes]
    if beyond:
        notes = [f"Less what chance shows on average: {', '.join(beyond)}; the truth lies between.", *notes]
    return " ".join(notes)


def _leakage(numbers: Numbers) -> Interval | None:
    leakage = numbers.get("leakage")
    return None if leakage is None else (leakage["normalised"], leakage.get("low"), leakage.get("high"))


def _interval(numbers: Numbers, key: str) -> Interval | None:
    """Value and interval; an evaluation of an earlier version has no interval."""
    value = numbers.get(key)
    if value is None:
        return None
    found = numbers.get("shortcut_gap_detail") if key == "shortcut_gap" else numbers.get("intervals", {}).get(key)
    ends = found or {}
    return float(value), ends.get("low"), ends.get("high")


def _written(value: float, decimals: int, signed: bool) -> str:
    # A zero has no sign, and a minus is no hyphen.
    rounded = round(value, decimals) + 0.0
    text = f"{abs(rounded):.{decimals}f}"
    return ("−" if rounded < 0 else "+" if signed and rounded > 0 else "") + text
