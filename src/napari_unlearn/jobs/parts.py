"""What the guarantees of two runs say about a model made of both, and the record of it that `verify` checks again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from napari_unlearn.files import sha256_bytes
from napari_unlearn.privacy.certificate import CERTIFIED, EMPIRICAL, EXACT, Certificate
from napari_unlearn.privacy.verification import check

PARTS = ("first", "second")
FOLDER = "parts"
COMPOSITION = "composition"

# These hide every model that a run may start from, so two runs hide it together, whatever they started from.
PROVABLE = ("residual", "gradient-clipping", "blockwise", "output-perturbation")


@dataclass(frozen=True)
class Joint:
    """What can be said of two runs together.

    Attributes
    ----------
    tier : str
        Kind of guarantee.
    reason : str
        Why not more, or what it rests on, in one sentence.
    """

    tier: str
    reason: str


def joint_guarantee(first: Certificate, second: Certificate, retain_masks: str) -> Joint:
    """Decide what a function of two runs inherits.

    Parameters
    ----------
    first, second : Certificate
        Of the runs; each passes its own check.
    retain_masks : str
        Fingerprint of the masks that the choice between them looks at.

    Returns
    -------
    Joint
    """
    tiers = {first.tier, second.tier}
    if EMPIRICAL in tiers:
        return Joint(EMPIRICAL, "One of the runs is empirical, so nothing is guaranteed about what is made of it.")
    if {first.hashes["retain_masks"], second.hashes["retain_masks"], retain_masks} != {retain_masks}:
        return Joint(
            EMPIRICAL,
            "The runs and this choice between them did not keep the same masks, so what one forgot another may hold.",
        )
    for part in (first, second):
        if part.tier == CERTIFIED and part.mechanism not in PROVABLE:
            return Joint(EMPIRICAL, f"How runs of {part.operator} add up with others is not accounted for.")
    if tiers == {EXACT}:
        return Joint(EXACT, "Neither run depends on a forgotten label, so nothing that is made of both does.")
    return Joint(
        CERTIFIED, "Both runs are charged: together they are Gaussian DP with the root of the sum of the squares of mu."
    )


def part_mu(certificate: Certificate) -> float:
    """Return what a run costs alone: 0 if it is exact.

    Parameters
    ----------
    certificate : Certificate
        Exact, or certified by one of `PROVABLE`.

    Returns
    -------
    float
    """
    return certificate.mu or 0.0


def part_failures(folder: Path, record: Certificate) -> list[str]:
    """Check a composed run against the certificates of the runs that it was made of.

    Parameters
    ----------
    folder : Path
        A run folder; the two certificates lie in `FOLDER`.
    record : Certificate
        Its own.

    Returns
    -------
    list of str
        One sentence a failure; empty for a run that is no composition.
    """
    if record.operator != "compose" and record.mechanism != COMPOSITION:
        return []
    parts, failures = [], []
    for name in PARTS:
        path = folder / FOLDER / f"{name}.json"
        try:
            text = path.read_bytes()
            parts.append(Certificate.from_text(text.decode()))
        except (OSError, ValueError):
            return [f"{FOLDER}/{name}.json, the certificate of the {name} run, is missing or cannot be read."]
        if sha256_bytes(text) != record.hashes.get(f"certificate_{name}"):
            failures.append(f"{FOLDER}/{name}.json is not the certificate of the {name} run.")
        failures += [f"The {name} run: {sentence}" for sentence in check(parts[-1])]
    joint = joint_guarantee(parts[0], parts[1], record.hashes.get("retain_masks", ""))
    if record.tier not in (joint.tier, EMPIRICAL):
        failures.append(f"The run claims to be {record.tier}, but its parts make it {joint.tier}: {joint.reason}")
    if record.tier == CERTIFIED:
        failures += [
            f"The {name} run has mu {part_mu(part):g}, but {record.parameters.get(f'{name}_mu')} is charged."
            for name, part in zip(PARTS, parts, strict=True)
            if not math.isclose(record.parameters.get(f"{name}_mu", -1.0), part_mu(part), rel_tol=1e-9)
        ]
    return failures
