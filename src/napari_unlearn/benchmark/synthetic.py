"""Synthetic grounds: the very cases that `sample` writes, without writing them."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from napari_unlearn.benchmark.ground import ALIGNED, CONFLICTING, Ground
from napari_unlearn.benchmark.held import HeldCase, Mask, hold
from napari_unlearn.data.synthetic.case import MALIGNANT, CaseSpec, render_case
from napari_unlearn.data.synthetic.plan import PlannedCase, plan_sample

NAME = "synthetic"
_CLASSES = {3: ("background", "benign", "malignant"), 2: ("background", "malignant")}


@dataclass(frozen=True)
class SyntheticSource:
    """Draws cases with a planted shortcut.

    What a case looks like depends on its seed and on whether it carries the shortcut, so what was drawn for one
    correlation is there for all the others.

    Attributes
    ----------
    cases : int
        To train on; each test split has a third of it, at least 20.
    size : int
        Side of the images in pixels.
    """

    cases: int
    size: int

    def ground(self, classes: int, correlation: float | None, seed: int) -> Ground:
        """See `Source.ground`."""
        assert correlation is not None
        splits: dict[str, list[HeldCase]] = {}
        for planned in self._plan(correlation, 1.0, seed):
            splits.setdefault(planned.split, []).append(self._held(planned, classes))
        train = tuple(splits["train"])
        unbiased = (self._held(planned, classes) for planned in self._plan(0.5, 1.0, seed) if planned.split == "train")

        def refine(fine: float) -> frozenset[str]:
            plan = self._plan(correlation, fine, seed)
            return frozenset(planned.id for planned in plan if planned.refined and planned.split == "train")

        return Ground(
            "Synthetic dermoscopy",
            _CLASSES[classes],
            classes - 1,
            train,
            tuple(unbiased),
            {ALIGNED: splits["test_aligned"], CONFLICTING: splits["test_conflicting"]},
            refine,
        )

    def _plan(self, correlation: float, fine: float, seed: int) -> tuple[PlannedCase, ...]:
        return plan_sample(self.cases, shortcut=correlation, fine=fine, seed=seed)

    def _held(self, planned: PlannedCase, classes: int) -> HeldCase:
        image, lesion, flags = _rendered(planned.spec, self.size)
        if classes == 2:
            lesion = (lesion == MALIGNANT).astype(np.uint8)
        return hold(planned.id, planned.split, planned.diagnosis, image, lesion, flags)


@functools.lru_cache(maxsize=4096)
def _rendered(spec: CaseSpec, size: int) -> tuple[Mask, Mask, Mask]:
    image, lesion, flags = render_case(spec, size)
    # Through the same file format as `sample`, so that the same pixels come out.
    with io.BytesIO() as stream:
        Image.fromarray(image).save(stream, "JPEG", quality=95, subsampling=0)
        with Image.open(stream) as decoded:
            image = np.asarray(decoded.convert("RGB"))
    return image, lesion, flags
