"""Hair over skin and lesion alike; independent of the diagnosis and the only artefact that may cross a lesion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_unlearn.data.artefacts import HAIR
from napari_unlearn.data.synthetic.scene import FAINTEST, Mark
from napari_unlearn.data.synthetic.strokes import bezier, cover

SHADES = np.array([(36, 26, 22), (58, 40, 28), (92, 64, 40), (168, 138, 98), (206, 202, 196)], np.float32)


@dataclass(frozen=True)
class HairSpec:
    """How many hairs there are (0 in most cases) and the seed of their paths."""

    count: int
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> HairSpec:
        """Draw the hair of one case."""
        hairy, count = rng.random() < 0.35, int(3 + rng.gamma(1.2, 6))
        return cls(min(count, 30) if hairy else 0, int(rng.integers(2**63)))


def render_hair(spec: HairSpec, size: int) -> Mark:
    """Curved hairs that run roughly one way and thin out towards their tip."""
    rng = np.random.default_rng(spec.seed)
    shade = SHADES[rng.choice(len(SHADES), p=[0.35, 0.25, 0.2, 0.12, 0.08])]
    flow, width = rng.uniform(-np.pi, np.pi), rng.uniform(0.0035, 0.006)
    strokes = []
    for _ in range(spec.count):
        angle, length = flow + rng.normal(0, 0.45), rng.uniform(0.15, 0.9)
        start = rng.uniform(-0.6, 0.6, 2)
        way = length * np.array([np.sin(angle), np.cos(angle)])
        bend = start + 0.5 * way + rng.normal(0, 0.12, 2) * length
        strokes.append((bezier(start, bend, start + way), width * rng.uniform(0.7, 1.3)))
    alpha = 0.85 * cover(strokes, size)
    return Mark(HAIR, np.where(alpha >= FAINTEST, alpha, 0).astype(np.float32), shade)
