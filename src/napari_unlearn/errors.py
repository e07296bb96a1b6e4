"""The one error a user is meant to read.

Everything else that is raised is a defect of this package and keeps its traceback.
"""

from __future__ import annotations

import unicodedata

_BREAKING = {"Cc", "Cs", "Zl", "Zp"}  # controls, halves of characters, separators of lines and of paragraphs


class UserError(ValueError):
    """One plain sentence that names the file or setting at fault and says how to put it right.

    Parameters
    ----------
    sentence : str
        It stays on one line and can be printed, whatever the name of a file in it is made of.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(map(_plain, sentence)))


def _plain(character: str) -> str:
    if unicodedata.category(character) in _BREAKING:
        return character.encode("unicode_escape").decode()
    return character
