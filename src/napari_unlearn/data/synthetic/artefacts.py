"""Which shortcut a case may carry, and how it is rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_unlearn.data.synthetic.frame import render_dark_corner, render_patch
from napari_unlearn.data.synthetic.gel import render_gel
from napari_unlearn.data.synthetic.ink import render_ink
from napari_unlearn.data.synthetic.ruler import render_ruler
from napari_unlearn.data.synthetic.scene import Mark, Scene

Renderer = Callable[[np.random.Generator, Scene], list[Mark]]

# Renderer of each kind and its share among the cases that carry a shortcut.
KINDS: dict[str, tuple[Renderer, float]] = {
    "ruler": (render_ruler, 0.40),
    "ink": (render_ink, 0.30),
    "gel": (render_gel, 0.12),
    "patch": (render_patch, 0.10),
    "dark_corner": (render_dark_corner, 0.08),
}


@dataclass(frozen=True)
class ShortcutSpec:
    """The shortcut a case carries if it carries one: its kind (a key of `KINDS`) and the seed of its details."""

    kind: str
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> ShortcutSpec:
        """Draw kind and seed, without looking at the diagnosis."""
        kind = rng.choice(list(KINDS), p=[share for _, share in KINDS.values()])
        return cls(str(kind), int(rng.integers(2**63)))


def render_shortcut(spec: ShortcutSpec, scene: Scene) -> list[Mark]:
    """The marks of one shortcut, bottom one first; none of them touches the lesion."""
    return KINDS[spec.kind][0](np.random.default_rng(spec.seed), scene)
