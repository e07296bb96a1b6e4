"""What two evaluations say, as lines for a table and pictures with common limits. Knows no Qt and no napari."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.plugin.views.metric_table import MetricRow

Numbers = Mapping[str, Any]
Mask = NDArray[np.uint8]
AUROC_TIP = "How well the score tells malignant from benign; 0.5 is a coin toss."
LEAKAGE_TIP = (
    "What an artefact on a pixel that the model takes for lesion tells about the truth there, in nats per predicted "
    "pixel, with its 95 % interval; 0 means nothing."
)
DICE_TIP = "Overlap of the predicted lesion with the fine mask; 1 is perfect."
NO_LESION_TIP = "The fine mask shows no lesion: 1 where a model finds none either, 0 where it finds a single pixel."
UNFINISHED_TIP = "Shown once the fine mask of this case is done (Done refining, step 2)."
GAP_TIP = (
    "AUROC where shortcut and diagnosis agree minus AUROC where they conflict; a model without the shortcut has none."
)


def metric_rows(after: Numbers, before: Numbers | None) -> list[MetricRow]:
    """Lines of the table, split by split.

    Parameters
    ----------
    after, before : mapping
        What ``evaluate --json`` prints for the revised and for the earlier model; None when there is no earlier one.

    Returns
    -------
    list of MetricRow
    """
    rows = []
    earlier = before or {}
    splits: Mapping[str, Numbers] = after["splits"]
    for name, numbers in splits.items():
        old = earlier.get("splits", {}).get(name, {})
        rows += [
            MetricRow(name.replace("_", " ").capitalize(), tip=f"{numbers['cases']} cases"),
            _row("Dice", "dice", old, numbers, "Overlap with the fine masks; 1 is perfect."),
            _row("AUROC", "auroc", old, numbers, AUROC_TIP),
        ]
        leakage, old_leakage = numbers.get("leakage"), old.get("leakage")
        if leakage is not None:
            better = _clearly(numbers.get("leakage_difference"))
            rows.append(MetricRow("Leakage", _leakage(old_leakage), _leakage(leakage), better, LEAKAGE_TIP))
    gap = after.get("shortcut_gap")
    if gap is not None:
        old_gap = earlier.get("shortcut_gap")
        better = 0 if old_gap is None else _better(abs(old_gap), abs(gap), -1)
        tip = GAP_TIP + _interval_tip(after.get("shortcut_gap_detail"))
        rows.append(MetricRow("All splits"))
        rows.append(MetricRow("Shortcut gap", _number(old_gap), _number(gap), better, tip))
    return rows


def case_rows(before: Mask | None, after: Mask | None, fine: Mask | None, finished: bool = True) -> list[MetricRow]:
    """Lines of the table of one case.

    Parameters
    ----------
    before, after, fine : ndarray of uint8, shape (H, W), or None
        Class ids that were predicted and drawn; None where there are none.
    finished : bool
        Whether the fine mask is; before, overlap with it says more about the mask than about the models.

    Returns
    -------
    list of MetricRow
    """
    masks = before, after
    rows = []
    nothing = fine is not None and finished and not fine.any()
    if fine is not None and not finished:
        rows.append(MetricRow("Dice (mask in progress)", "–", "–", tip=UNFINISHED_TIP))
    elif fine is not None:
        old, new = ({"dice": None if mask is None else _overlap(mask, fine)} for mask in masks)
        rows.append(_row("Dice", "dice", old, new, NO_LESION_TIP if nothing else DICE_TIP))
    shares = [None if mask is None else np.count_nonzero(mask) / mask.size for mask in masks]
    areas = ["–" if share is None else f"{100 * share:.1f} %" for share in shares]
    less = 0 if None in shares or not nothing else int(np.sign(shares[0] - shares[1]))
    rows.append(MetricRow("Lesion area", *areas, less, "Share of the image that the model calls lesion."))
    if before is not None and after is not None:
        changed = f"{np.count_nonzero(before != after):,} px"
        rows.append(MetricRow("Changed", "", changed, tip="Pixels that the two models see differently."))
    return rows


def _overlap(mask: Mask, fine: Mask) -> float:
    lesion, drawn = mask > 0, fine > 0
    total = np.count_nonzero(lesion) + np.count_nonzero(drawn)
    return float(2 * np.count_nonzero(lesion & drawn) / total) if total else 1.0


def leakage_maps(
    after: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None, tuple[float, float]]:
    """Maps after and before of the split that leaked most before, and contrast limits for both.

    Parameters
    ----------
    after, before : mapping of str to SplitEvaluation
        By split.

    Returns
    -------
    after, before : ndarray of float32, shape (h, w), or None
        Nats per pixel.
    limits : tuple of float
        From 0 to nearly the largest value of either.
    """
    first = before or after
    names = [name for name, split in after.items() if split.leakage_map is not None]
    if not names:
        return None, None, (0.0, 1.0)
    name = max(names, key=lambda name: (_get(first[name].leakage, "s_global") or 0.0) if name in first else 0.0)
    new = after[name].leakage_map
    old = before[name].leakage_map if before is not None and name in before else None
    # A few extreme pixels must not make the rest invisible.
    high = max(float(np.quantile(part, 0.999)) for part in (new, old) if part is not None)
    return new, old, (0.0, high or 1e-6)


def guarantee(tier: str, epsilon: float | None, delta: float | None, status: str = "") -> str:
    """One sentence on what a run guarantees.

    Parameters
    ----------
    tier : str
        ``exact``, ``certified`` or ``empirical``.
    epsilon, delta : float or None
        The guarantee.
    status : str
        The stamp of the certificate.

    Returns
    -------
    str
    """
    if tier == "exact":
        return "The model was computed without the forgotten labels: nothing of them is left (ε = 0)."
    if tier == "certified" and epsilon is not None and delta is not None:
        return f"Whether the forgotten labels were ever seen can hardly be told: ε = {epsilon:.3g}, δ = {delta:.1g}."
    if status.startswith("not certified"):
        return f"{status[0].upper()}{status[1:]}."
    return "No guarantee: only what the numbers below show."


def _row(name: str, key: str, before: Numbers, after: Numbers, tip: str) -> MetricRow:
    change = (after.get("change") or {}).get(key)
    if change is None or change["low"] is None:
        better = _better(before.get(key), after[key], 1)
    else:  # case by case: an interval that leaves 0 out says something, whatever the two numbers are
        better = 1 if change["low"] > 0 else -1 if change["high"] < 0 else 0
    tip += _interval_tip((after.get("intervals") or {}).get(key))
    return MetricRow(name, _number(before.get(key)), _number(after[key]), better, tip)


def _interval_tip(measured: Numbers | None) -> str:
    if measured is None or measured.get("low") is None:
        return ""
    return f" Its 95 % interval after is {measured['low']:.3f} to {measured['high']:.3f}."


def _clearly(difference: Numbers | None) -> int:
    """With few images leakage goes up and down by chance, so only an interval that leaves 0 out says anything."""
    if difference is None:
        return 0
    return 1 if difference["high"] < 0 else -1 if difference["low"] > 0 else 0


def _better(before: float | None, after: float | None, direction: int) -> int:
    if before is None or after is None or abs(after - before) < 5e-4:
        return 0
    return direction if after > before else -direction


def _number(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 3) + 0.0:.3f}"  # + 0.0: never a negative zero


def _leakage(leakage: Numbers | None) -> str:
    if leakage is None:
        return "–"
    return f"{_number(leakage['normalised'])}\n{_number(leakage['low'])} to {_number(leakage['high'])}"


def _get(numbers: Numbers | None, key: str) -> float | None:
    return None if numbers is None else numbers.get(key)
