"""Certified unlearning of dilation artefacts for segmentation models, for clinicians and for scripts."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    # Looking the version up costs a third of the time in which the command line answers `--help`.
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-unlearn")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
