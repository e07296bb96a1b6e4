"""Keeps out of a report where things lie on this machine, and so the name of its user."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath

# /a/b…, C:\a…, \\server\share…; what follows a letter, a dot or a slash is a part of something else.
_ABSOLUTE = re.compile(r"(?<![\w./\\:])(?:file:/*)?(?:~?/(?:[^\s/'\"<>|]+/)+|[A-Za-z]:[\\/]|\\\\)[^\s'\"<>|;,]*")


class PathRemover:
    """Replaces paths by their last part.

    Parameters
    ----------
    known : iterable of Path
        Folders that were used; unlike others they are found even if they hold spaces.

    Examples
    --------
    >>> PathRemover([])("Read from /home/ann/study/masks.")
    'Read from …/masks.'
    """

    def __init__(self, known: Iterable[Path]) -> None:
        forms = {text for path in (*known, _home()) for text in (str(path), str(path.absolute()), str(path.resolve()))}
        # One part alone, such as "run", is no place on a machine, and the word may be anywhere.
        longest_first = sorted((form for form in forms if len(PurePath(form).parts) > 1), key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(form) for form in longest_first) or r"(?!)")

    def __call__(self, text: str) -> str:
        """Return the text without paths."""
        return _ABSOLUTE.sub(_last_part, self._known.sub(_last_part, text))


def _last_part(match: re.Match[str]) -> str:
    parts = [part for part in re.split(r"[\\/]", match.group()) if part]
    return f"…/{parts[-1]}" if parts else "…"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # nobody is logged in
        return Path("/")
