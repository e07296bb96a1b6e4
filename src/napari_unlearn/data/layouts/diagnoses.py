"""Which diagnoses count as malignant. The published data sets name or abbreviate them; the classes are only two."""

from __future__ import annotations

BENIGN, MALIGNANT = "benign", "malignant"

# Actinic keratosis and Bowen's disease (akiec) are counted as malignant: they are treated as early carcinoma.
GROUPS = {
    "malignant": MALIGNANT,
    "melanoma": MALIGNANT,
    "mel": MALIGNANT,
    "bcc": MALIGNANT,
    "basal cell carcinoma": MALIGNANT,
    "akiec": MALIGNANT,
    "scc": MALIGNANT,
    "squamous cell carcinoma": MALIGNANT,
    "benign": BENIGN,
    "nevus": BENIGN,
    "nv": BENIGN,
    "common nevus": BENIGN,
    "atypical nevus": BENIGN,
    "seborrheic keratosis": BENIGN,
    "bkl": BENIGN,
    "df": BENIGN,
    "dermatofibroma": BENIGN,
    "vasc": BENIGN,
    "vascular lesion": BENIGN,
}


def group(diagnosis: str) -> str | None:
    """Return "benign" or "malignant", or None for a diagnosis that the table does not have."""
    return GROUPS.get(diagnosis.strip().lower().replace("_", " "))
