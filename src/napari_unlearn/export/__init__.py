"""Models that leave the project: safetensors with everything needed to use and to check them."""

from __future__ import annotations

from napari_unlearn.export.safetensors_folder import export_model

__all__ = ["export_model"]
