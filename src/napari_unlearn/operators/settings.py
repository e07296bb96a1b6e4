"""Every number a user may set for an operator, with its range and a plain explanation. Imports nothing heavy."""

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
    background_weight: float = number(
        0.6, 0.0, 0.99, "Share of the whole weight that the certain background of unrefined cases carries."
    )
    near_weight: float = number(
        4.0, 0.01, 100.0, "How many times background near a lesion counts, where artefacts tend to be."
    )
    corrected: int = number(1, 0, 1, "1 lets corrected pixels teach that they are background, 0 leaves them out.")

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, low, high = getattr(self, entry.name), entry.metadata["low"], entry.metadata["high"]
            if not low <= value <= high:
                raise ValueError(f"{entry.name} must lie between {low} and {high}, not {value}.")


@dataclass(frozen=True)
class ExactRefitSettings(Settings):
    """Tier 1: the head is fitted anew."""

    iterations: int = number(30, 1, 1000, "At most so many Newton steps.")
    tolerance: float = number(1e-6, 1e-14, 1.0, "The fit ends when the gradient is this small.")


@dataclass(frozen=True)
class ResidualHeadSettings(Settings):
    """Tier 2: the head in use is driven to the retain minimum and a trace of noise hides what is left."""

    iterations: int = number(60, 1, 1000, "At most so many Newton steps before the operator gives up.")
    residual: float = number(1e-8, 1e-14, 1e-2, "Largest gradient that is accepted; fixed before any data is seen.")


@dataclass(frozen=True)
class GradientClippingSettings(Settings):
    """Tier 3: clipped noisy gradient steps about the public zero head, then a fit on the retain set."""

    initial_radius: float = number(1.0, 0.0, 1e6, "The head in use is first moved into a ball of this radius.")
    gradient_radius: float = number(0.1, 1e-9, 1e6, "Gradients are shortened to this length.")
    step_size: float = number(0.05, 1e-9, 1e3, "Length of a step relative to the gradient.")
    decay: float = number(10.0, 0.0, 1e6, "Pull towards the public start in every noisy step.")
    steps: int = number(30, 1, 100000, "Noisy steps.")
    finetune: int = number(4, 0, 1000, "Newton steps on the retain set after the noise, which cost no budget.")


@dataclass(frozen=True)
class NegGradSegSettings(Settings):
    """Tier 4: descend on the retain set, ascend on the forget set up to a bound."""

    ascent_weight: float = number(0.05, 0.0, 1.0, "Forget weight: how strongly the coarse label is pushed away.")
    flip_weight: float = number(1.0, 0.0, 10.0, "How strongly corrected pixels are pulled to background.")
    bound: float = number(4.605170185988092, 0.1, 100.0, "Loss at which pushing away stops, nats; ln 100 by default.")
    learning_rate: float = number(3e-3, 1e-7, 1.0, "Step size of Adam.")
    steps: int = number(300, 1, 100000, "Steps.")
    batch: int = number(4096, 16, 1048576, "Pixels of each kind in a step.")


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
