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

RENDERERS: dict[str, Callable[[np.random.Generator, Scene], list[Mark]]] = {
    "ruler": render_ruler,
    "ink": render_ink,
    "gel": render_gel,
    "patch": render_patch,
    "dark_corner": render_dark_corner,
}

# What stands beside a lesion, and the share of each among the cases that carry a shortcut.
MIXTURE: dict[tuple[str, ...], float] = {
    ("ruler",): 0.32,
    ("ink",): 0.25,
    ("ink", "ruler"): 0.18,
    ("gel",): 0.10,
    ("patch",): 0.08,
    ("dark_corner",): 0.07,
}


@dataclass(frozen=True)
class ShortcutSpec:
    """The shortcut a case carries if it carries one: its kinds (keys of `RENDERERS`) and the seed of its details."""

    kinds: tuple[str, ...]
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> ShortcutSpec:
        """Draw kinds and seed, without looking at the diagnosis."""
        kinds = list(MIXTURE)[int(rng.choice(len(MIXTURE), p=list(MIXTURE.values())))]
        return cls(kinds, int(rng.integers(2**63)))


def render_shortcut(spec: ShortcutSpec, scene: Scene) -> list[Mark]:
    """Render the marks of one shortcut, bottom one first; none of them touches the lesion."""
    streams = np.random.default_rng(spec.seed).spawn(len(spec.kinds))
    return [mark for kind, rng in zip(spec.kinds, streams, strict=True) for mark in RENDERERS[kind](rng, scene)]
