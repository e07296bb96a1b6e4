"""Operators of other packages: found through entry points, checked, and held to what can be checked. Imports no torch.

An entry point of the group ``napari_unlearn.operators`` names an `OperatorInfo`. One that cannot be used is reported in
one sentence and left out; it never stops the program. None can promise more than `verify` recomputes: ``certified``
means a mechanism of `privacy.mechanisms` with numbers that check, and ``exact``, which nothing can recompute, is shown
as empirical.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from napari_unlearn.operators.catalogue import OPERATORS
from napari_unlearn.operators.info import TIERS, OperatorInfo
from napari_unlearn.operators.settings import Settings

GROUP = "napari_unlearn.operators"
"""Group of the entry points."""

CERTIFIED_BADGES = ("Certified head", "Certified ball")
"""Badges that a certified operator of another package may show; the last one where it names none of them."""

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEXTS = ("title", "summary", "source", "module")


@dataclass(frozen=True)
class LeftOut:
    """An operator of another package that cannot be used.

    Attributes
    ----------
    name : str
        Of its entry point.
    package : str
        Name and version of the package.
    reason : str
        One sentence that names both.
    """

    name: str
    package: str
    reason: str


@functools.cache
def discover() -> tuple[tuple[OperatorInfo, ...], tuple[LeftOut, ...]]:
    """Find the operators of other packages; asked once a process, so that each problem is logged once.

    Returns
    -------
    found : tuple of OperatorInfo
        In the order of their packages' names.
    left_out : tuple of LeftOut
        What cannot be used, and why.
    """
    found: list[OperatorInfo] = []
    left_out: list[LeftOut] = []
    taken = {entry.name: "this program" for entry in OPERATORS}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_package(point), point.name)):
        package = _package(point)
        try:
            entry = _admit(point.load(), package)
            if entry.name in taken:
                raise ValueError(f"{taken[entry.name]} already has an operator of that name")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - somebody else's package may fail in any way
            reason = f"Operator '{point.name}' of {package} was left out: {_sentence(error)}."
            left_out.append(LeftOut(point.name, package, reason))
            _LOG.warning("%s", reason)
            continue
        taken[entry.name] = package
        found.append(entry)
    return tuple(found), tuple(left_out)


def _admit(entry: object, package: str) -> OperatorInfo:
    """Check what an entry point names and hold it to what can be checked."""
    if not isinstance(entry, OperatorInfo):
        raise ValueError(f"its entry point names a {type(entry).__name__}, not an OperatorInfo")
    if not _NAME.fullmatch(str(entry.name)):
        raise ValueError(f"its name {entry.name!r} is not made of small letters, digits and single hyphens")
    for field in _TEXTS:
        if not (isinstance(text := getattr(entry, field), str) and text):
            raise ValueError(f"it has no {field}")
    if entry.tier not in TIERS:
        raise ValueError(f"its tier {entry.tier!r} is none of {', '.join(TIERS)}")
    settings: object = entry.settings
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        raise ValueError("its settings are not a subclass of Settings")
    for name, facts in entry.parameters.items():
        if not {"low", "high", "explanation"} <= facts.keys() or not isinstance(facts["default"], int | float):
            raise ValueError(f"its setting '{name}' is not a number with a range and an explanation")
    settings()
    if entry.tier == "certified":
        badge = entry.badge if entry.badge in CERTIFIED_BADGES else CERTIFIED_BADGES[-1]
        return dataclasses.replace(entry, badge=badge, package=package)
    doubt = " Its package calls it exact, which nothing here can check." if entry.tier == "exact" else ""
    return dataclasses.replace(
        entry, tier="empirical", badge="Empirical", summary=entry.summary + doubt, package=package
    )


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def _sentence(error: BaseException) -> str:
    text = str(error).strip().split("\n", 1)[0].rstrip(".")
    return text if isinstance(error, ValueError) and text else f"{type(error).__name__}: {text}".rstrip(": ")
