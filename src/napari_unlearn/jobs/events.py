"""What a job tells while it works: small frozen records that any thread, process or log can carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes
    ----------
    done, total : int
        Steps finished and steps in all; `total` 0 means that the number is not known yet.
    message : str
        What is being done, for a person.
    remaining : float or None
        Expected seconds to the end, None while there is nothing to go by.
    keep : bool
        Whether the job has something to keep if it is asked to stop now.
    """

    done: int
    total: int
    message: str
    remaining: float | None = None
    keep: bool = False


@dataclass(frozen=True)
class Metric:
    """One point of a curve.

    Attributes
    ----------
    name : str
        Which curve, for example ``loss``.
    step : int
        Position on the horizontal axis.
    value : float
        Height.
    low, high : float or None
        Ends of the 95 % interval of `value`, where one was computed.
    """

    name: str
    step: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Reference:
    """A model that a curve is held against, as a level line.

    Attributes
    ----------
    name : str
        Which curve, as in `Metric`.
    label : str
        Which model, for a person.
    value : float
        Height of the line.
    low, high : float or None
        Ends of its 95 % interval, where one was computed.
    about : str
        What the curve and its references are measured on, as one sentence.
    """

    name: str
    label: str
    value: float
    low: float | None
    high: float | None
    about: str


@dataclass(frozen=True, eq=False)
class Preview:
    """A prediction that can be looked at already.

    Attributes
    ----------
    case_id : str
        The case.
    prediction : ndarray of uint8, shape (H, W)
        Class ids on the pixels of the case's image.
    """

    case_id: str
    prediction: NDArray[np.uint8]


@dataclass(frozen=True)
class Note:
    """Something that a person should know, though the job goes on.

    Attributes
    ----------
    sentence : str
        What has happened.
    """

    sentence: str


@dataclass(frozen=True, eq=False)
class Done:
    """The last event of a job that succeeded.

    Attributes
    ----------
    result : object
        What the job made; each job documents its type.
    """

    result: object


@dataclass(frozen=True)
class Failed:
    """The last event of a job that failed; nothing was replaced.

    Attributes
    ----------
    sentence : str
        What went wrong.
    remedy : str
        What the user can do about it.
    """

    sentence: str
    remedy: str


@dataclass(frozen=True)
class Cancelled:
    """The last event of a job that was cancelled; nothing was replaced."""


Event = Progress | Metric | Reference | Preview | Note | Done | Failed | Cancelled
