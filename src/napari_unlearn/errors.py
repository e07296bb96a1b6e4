"""The one error a user is meant to read.

Everything else that is raised is a defect of this package and keeps its traceback.
"""

from __future__ import annotations


class UserError(ValueError):
    """One plain sentence that names the file or setting at fault and says how to put it right."""
