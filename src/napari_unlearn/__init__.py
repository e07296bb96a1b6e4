"""Certified unlearning of dilation artefacts for segmentation models, for clinicians and for scripts."""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("napari-unlearn")
