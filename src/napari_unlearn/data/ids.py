"""Case ids: they become file names, so only what is a safe file name on every system is one."""

from __future__ import annotations

import unicodedata

from napari_unlearn.errors import UserError

LONGEST = 150
# Path separators, what Windows keeps for itself, and what starts a drive or a stream there.
FORBIDDEN = frozenset('/\\:*?"<>|')
# Control, invisible formatting (text that runs backwards), half characters, line and paragraph separators.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def normal(name: str) -> str:
    """`name` with composed characters, since macOS writes "é" in file names as "e" plus an accent."""
    return unicodedata.normalize("NFC", name)


def check_id(case_id: str, where: object) -> str:
    """Return `case_id` in composed characters when it is safe as a file name.

    Parameters
    ----------
    case_id : str
        Candidate.
    where : object
        What the sentence names as the place of a bad id, such as a file.

    Returns
    -------
    str
        The id.

    Raises
    ------
    UserError
        The id is empty or too long, has a separator, a control character or a character Windows forbids, starts with a
        dot, or starts or ends with a space or ends with a dot.
    """
    case_id = normal(case_id)
    fault = _fault(case_id)
    if fault:
        message = f"{where} has the id {_shown(case_id)}, which {fault}; rename it with letters, digits, '-' and '_'."
        raise UserError(message)
    return case_id


def _fault(case_id: str) -> str:
    if not case_id:
        return "is empty"
    if len(case_id.encode("utf-8", "surrogatepass")) > LONGEST:
        return f"is longer than {LONGEST} bytes"
    bad = next((c for c in case_id if c in FORBIDDEN or unicodedata.category(c) in INVISIBLE), None)
    if bad is not None:
        return f"holds the character {bad!r}"
    if case_id.startswith("."):
        return "starts with a dot"
    if case_id.strip() != case_id:
        return "starts or ends with a space"
    if case_id.endswith("."):
        return "ends with a dot"
    return ""


def _shown(case_id: str) -> str:
    return ascii(case_id if len(case_id) <= 60 else f"{case_id[:60]}...")
