"""What can be said about an operator without running it. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from napari_unlearn.operators.settings import Settings, explain

TIERS = ("exact", "certified", "empirical")


@dataclass(frozen=True)
class OperatorInfo:
    """What can be said about an operator without running it.

    Attributes
    ----------
    name : str
        As the command line spells it.
    title : str
        For a menu.
    tier : str
        ``exact``, ``certified`` or ``empirical``: the kind of guarantee.
    badge : str
        One of the four badges shown in the window.
    summary : str
        What it does, for a clinician.
    source : str
        Where it is described.
    settings : type of Settings
        Its numbers.
    module : str
        Module whose `operator` object runs it.
    convex : bool
        Whether it needs the convex head and so cannot revise a U-Net.
    package : str
        Name and version of the package that brought it; empty for an operator of this one. Whatever an entry point
        says here is replaced.
    """

    name: str
    title: str
    tier: str
    badge: str
    summary: str
    source: str
    settings: type[Settings]
    module: str
    convex: bool = False
    package: str = ""

    @property
    def uses_budget(self) -> bool:
        """Whether epsilon and delta mean anything to it."""
        return self.tier == "certified"

    @property
    def parameters(self) -> dict[str, dict[str, object]]:
        """Its numbers: name to default, low, high and explanation."""
        return explain(self.settings)
