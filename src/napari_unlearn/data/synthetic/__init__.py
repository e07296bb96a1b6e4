"""Images that look like dermoscopy and a planted shortcut, drawn from random numbers alone; no patient is in them."""

from __future__ import annotations

from napari_unlearn.data.synthetic.case import CaseSpec, render_case
from napari_unlearn.data.synthetic.lesion import SEPARATION
from napari_unlearn.data.synthetic.plan import plan_sample
from napari_unlearn.data.synthetic.sample import coarsen, write_sample

__all__ = ["SEPARATION", "CaseSpec", "coarsen", "plan_sample", "render_case", "write_sample"]
