"""The list of operators, in the order of their guarantee. Imports no torch; an operator is imported when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from napari_unlearn.errors import UserError
from napari_unlearn.operators.settings import (
    ExactRefitSettings,
    GradientClippingSettings,
    NegGradSegSettings,
    ResidualHeadSettings,
    Settings,
    explain,
)

if TYPE_CHECKING:
    from napari_unlearn.operators.protocol import Operator

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
    """

    name: str
    title: str
    tier: str
    badge: str
    summary: str
    source: str
    settings: type[Settings]
    module: str

    @property
    def uses_budget(self) -> bool:
        """Whether epsilon and delta mean anything to it."""
        return self.tier == "certified"

    @property
    def parameters(self) -> dict[str, dict[str, object]]:
        """Its numbers: name to default, low, high and explanation."""
        return explain(self.settings)


_OPERATORS = (
    OperatorInfo(
        "exact-refit",
        "Exact refit",
        "exact",
        "Exact",
        "Fits the head anew on what may be kept. Nothing of the forgotten labels is left, not even statistically.",
        "Exact unlearning by retraining the only part that saw labels; refitting on a public frozen encoder.",
        ExactRefitSettings,
        "napari_unlearn.operators.exact_refit",
    ),
    OperatorInfo(
        "residual-head",
        "Residual certificate",
        "certified",
        "Certified head",
        "Moves the present head to the best one for what may be kept and adds a trace of noise that hides where it "
        "came from.",
        "Guo et al., Certified Data Removal from Machine Learning Models, ICML 2020, carried over to pixels.",
        ResidualHeadSettings,
        "napari_unlearn.operators.residual_head",
    ),
    OperatorInfo(
        "gradient-clipping",
        "Gradient clipping",
        "certified",
        "Certified ball",
        "Shakes the head with enough noise to hide the forgotten labels, then lets it learn again from what may be "
        "kept.",
        "Koloskova et al., Certified Unlearning for Neural Networks, ICML 2025; exact Gaussian-DP accounting.",
        GradientClippingSettings,
        "napari_unlearn.operators.gradient_clipping",
    ),
    OperatorInfo(
        "neggrad-seg",
        "NegGrad-Seg",
        "empirical",
        "Empirical",
        "Pushes the forgotten labels away while holding on to the rest. Works on the numbers, promises nothing.",
        "Kurmanji et al., Towards Unbounded Machine Unlearning, NeurIPS 2023 (NegGrad+), bounded and per pixel.",
        NegGradSegSettings,
        "napari_unlearn.operators.neggrad_seg",
    ),
)


def available() -> tuple[OperatorInfo, ...]:
    """Every operator, strongest guarantee first.

    Returns
    -------
    tuple of OperatorInfo
    """
    return _OPERATORS


def info(name: str) -> OperatorInfo:
    """Look an operator up.

    Parameters
    ----------
    name : str
        As the command line spells it.

    Returns
    -------
    OperatorInfo

    Raises
    ------
    UserError
        There is no such operator.
    """
    for entry in _OPERATORS:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in _OPERATORS)
    raise UserError(f"There is no operator '{name}'; choose one of {known}.")


def load(name: str) -> Operator:
    """Import an operator.

    Parameters
    ----------
    name : str
        As the command line spells it.

    Returns
    -------
    Operator

    Raises
    ------
    UserError
        There is no such operator.
    """
    operator: Operator = import_module(info(name).module).operator
    return operator
