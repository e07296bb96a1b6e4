"""How far the refinement of one case has come."""

from __future__ import annotations

from enum import StrEnum


class CaseStatus(StrEnum):
    """Where a case stands; the values are what a user reads and what is written to disk."""

    UNREFINED = "unrefined"
    IN_PROGRESS = "in progress"
    REFINED = "refined"
    EXCLUDED = "excluded"
