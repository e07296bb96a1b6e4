"""What every writer of a format gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model that is about to leave.

    Attributes
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        On the CPU.
    source : Path
        Folder of the model.
    facts : mapping
        What `export.json` says.
    """

    segmenter: HeadSegmenter | UnetSegmenter
    source: Path
    facts: Mapping[str, Any]
