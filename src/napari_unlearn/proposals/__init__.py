"""Proposals for masks: what a lesion's outline, or an artefact, might be. A person accepts, edits or rejects them.

Boundary: scikit-image, scipy and, for what a model proposes, `models`. Nothing here knows a window or writes a file.
"""
