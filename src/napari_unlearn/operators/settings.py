"""What every operator lets a user set, with range and plain explanation; its own numbers stand in `catalogue`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def number(default: float, low: float, high: float, explanation: str) -> Any:
    """Field of a settings class: a number with limits.

    Parameters
    ----------
    default, low, high : float
        Default value and the closed range it must lie in; int defaults make integer settings.
    explanation : str
        One sentence for a tooltip.

    Returns
    -------
    Any
        A dataclass field.
    """
    return field(default=default, metadata={"low": low, "high": high, "explanation": explanation})


_BACKGROUND_WEIGHT = "Share of the whole weight that the certain background of unrefined cases carries."
_NEAR_WEIGHT = (
    "How many times background near a lesion counts, where artefacts tend to be; once where some case has no lesion in "
    "its masks, as its own may be background."
)


@dataclass(frozen=True)
class Settings:
    """Common to every operator that works on a head; subclasses add their own.

    Raises
    ------
    ValueError
        A number lies outside its range.
    """

    strength: float = number(
        1e-3, 1e-8, 10.0, "Pull of the head's weights towards zero; larger is smoother and forgets more of the detail."
    )
    pixels: int = number(400, 16, 65536, "Pixels drawn from each refined case.")
    swap_pixels: int = number(150, 16, 65536, "Pixels drawn from each composed case.")
    background_pixels: int = number(250, 0, 65536, "Pixels drawn from the certain background of each unrefined case.")
    swap_weight: float = number(
        0.9, 0.0, 1.0, "Share of the weight of refined cases that their composed cases carry, when there are any."
    )
    background_weight: float = number(0.75, 0.0, 0.99, _BACKGROUND_WEIGHT)
    near_weight: float = number(10.0, 0.01, 100.0, _NEAR_WEIGHT)
    corrected: int = number(1, 0, 1, "1 lets corrected pixels teach that they are background, 0 leaves them out.")
    overlap: int = number(
        1, 0, 1, "1 lets pixels of a lesion under hair, ink or another mapped artefact teach, 0 leaves them out."
    )

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, low, high = getattr(self, entry.name), entry.metadata["low"], entry.metadata["high"]
            if not low <= value <= high:
                raise ValueError(f"{entry.name} must lie between {low} and {high}, not {value}.")


@dataclass(frozen=True)
class MinimumSettings(Settings):
    """For operators that go to the minimum of the retain objective, however its pixels are weighed.

    Background may then count for much, which leaves less leakage; operators that draw their batches by weight would see
    too little of the lesions.
    """

    background_weight: float = number(0.85, 0.0, 0.99, _BACKGROUND_WEIGHT)
    near_weight: float = number(24.0, 0.01, 100.0, _NEAR_WEIGHT)


def explain(settings: type[Settings]) -> dict[str, dict[str, object]]:
    """Describe the numbers of a settings class for a listing.

    Parameters
    ----------
    settings : type
        A settings class.

    Returns
    -------
    dict
        Name to default, low, high and explanation.
    """
    return {entry.name: {"default": entry.default, **entry.metadata} for entry in fields(settings)}
