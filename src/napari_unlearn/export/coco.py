"""Masks as one file of annotations in the format of COCO, every class of an image as compressed run lengths."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.export.formats import ExportFormat
from napari_unlearn.files import atomic_json

NAME = "annotations.json"


class CocoFile:
    """Collects masks and writes them together, so that an interrupted run leaves the file of the one before.

    Parameters
    ----------
    out : Path
        Folder of the file.
    classes : sequence of str
        Names, background first; the background is no category.

    Raises
    ------
    UserError
        pycocotools is not installed.

    Notes
    -----
    Format: Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014, object detection. An annotation is all
    that an image holds of a class (``iscrowd`` 0); ids begin at 1, and a category's id is that of its class.
    """

    def __init__(self, out: Path, classes: Sequence[str]) -> None:
        ExportFormat("coco", "COCO", ("pycocotools",)).require()
        self._path = out / NAME
        self._classes = tuple(classes)
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def check(self, cases: Sequence[Case]) -> None:
        """Accept any case."""

    def add(self, case: Case, mask: NDArray[np.uint8]) -> None:
        """Take the mask of a case.

        Parameters
        ----------
        case : Case
            Only the name of its file is kept.
        mask : ndarray of uint8, shape (H, W)
            Class ids.
        """
        from pycocotools import mask as rle

        height, width = mask.shape
        image = len(self._images) + 1
        self._images.append({"id": image, "file_name": case.image_path.name, "height": height, "width": width})
        for category in range(1, len(self._classes)):
            runs = rle.encode(np.asfortranarray(mask == category, dtype=np.uint8))
            if area := int(rle.area(runs)):
                entry = {
                    "id": len(self._annotations) + 1,
                    "image_id": image,
                    "category_id": category,
                    "segmentation": {"size": [height, width], "counts": runs["counts"].decode("ascii")},
                    "area": area,
                    "bbox": [float(x) for x in rle.toBbox(runs)],
                    "iscrowd": 0,
                }
                self._annotations.append(entry)

    def finish(self) -> None:
        """Write the file, whole or not at all."""
        categories = [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(self._classes) if i]
        content = {
            "info": {"description": f"Masks predicted with napari-unlearn {version('napari-unlearn')}"},
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
        atomic_json(self._path, content)
