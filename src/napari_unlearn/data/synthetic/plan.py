"""Which cases a sample holds: their diagnosis, whether they carry the shortcut and whether they are refined.

What a case looks like depends on the seed and its place in its split only. How strongly shortcut and diagnosis go
together and how many cases are refined change nothing else, so that models trained on two samples can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.synthetic.case import CaseSpec
from napari_unlearn.data.synthetic.lesion import SEPARATION

FEWEST = 4
FEWEST_TESTED = 20

DIAGNOSES = ("benign", "malignant")
DEVICES = ("contact polarised", "contact immersion", "non-contact polarised")
SITES = ("back", "chest", "abdomen", "upper limb", "lower limb", "head or neck")


@dataclass(frozen=True)
class PlannedCase:
    """One case of a sample before it is rendered.

    Attributes
    ----------
    id, split : str
        Its name and the split it belongs to.
    spec : CaseSpec
        What it shows.
    refined : bool
        Whether it gets a fine mask.
    device, site : str
        Made-up acquisition device and body site, independent of everything else.
    """

    id: str
    split: str
    spec: CaseSpec
    refined: bool
    device: str
    site: str

    @property
    def diagnosis(self) -> str:
        """The diagnosis, benign or malignant."""
        return DIAGNOSES[self.spec.malignant]


def plan_sample(
    cases: int, *, shortcut: float, fine: float, seed: int, separation: float = SEPARATION
) -> tuple[PlannedCase, ...]:
    """Decide what every case of a sample shows, without rendering anything.

    Parameters
    ----------
    cases : int
        Cases in `train`; the two test splits have a third of it each, at least 20. Half of each split is malignant.
    shortcut : float
        In `train` and `test_aligned` this share of the malignant and 1 - `shortcut` of the benign cases carry a
        shortcut; in `test_conflicting` it is the other way round. Shares are exact up to rounding.
    fine : float
        Share of the train cases of each class that are refined, chosen without looking at the shortcut; unless it is 0,
        at least one of each class.
    seed : int
        Not negative.
    separation : float
        How far apart the classes are, see `napari_unlearn.data.synthetic.lesion.SEPARATION`.

    Returns
    -------
    tuple of PlannedCase
        Split by split.
    """
    tested = max(FEWEST_TESTED, cases // 3)
    refined = max(fine, 2 / cases) if fine else 0.0
    return (
        *_plan_split("train", 0, cases, shortcut, refined, seed, separation),
        *_plan_split("test_aligned", 1, tested, shortcut, 1.0, seed, separation),
        *_plan_split("test_conflicting", 2, tested, 1 - shortcut, 1.0, seed, separation),
    )


def _plan_split(
    split: str, number: int, count: int, shortcut: float, fine: float, seed: int, separation: float
) -> list[PlannedCase]:
    order, carriers, refined = (np.random.default_rng([seed, number, stream]) for stream in range(3))
    malignant = order.permutation(count) % 2 == 1
    biased = _choose(carriers, malignant, (1 - shortcut, shortcut))
    chosen = _choose(refined, malignant, (fine, fine))
    planned = []
    for i in range(count):
        look, place = np.random.default_rng([seed, number, 3, i]).spawn(2)
        spec = CaseSpec.draw(look, malignant=bool(malignant[i]), biased=bool(biased[i]), separation=separation)
        device, site = str(place.choice(DEVICES)), str(place.choice(SITES))
        name = f"{split.removeprefix('test_')}-{i + 1:04d}"
        planned.append(PlannedCase(name, split, spec, bool(chosen[i]), device, site))
    return planned


def _choose(rng: np.random.Generator, malignant: NDArray[np.bool_], shares: tuple[float, float]) -> NDArray[np.bool_]:
    """Pick a share of the benign and of the malignant cases; a larger share always includes a smaller one."""
    chosen = np.zeros(malignant.size, bool)
    for label, share in enumerate(shares):
        members = rng.permutation(np.flatnonzero(malignant == label))
        chosen[members[: round(share * members.size)]] = True
    return chosen
