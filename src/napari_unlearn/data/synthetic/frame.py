"""What reaches in from the edge of the picture: the dark rim of the dermatoscope and coloured stickers."""

from __future__ import annotations

import numpy as np

from napari_unlearn.data.artefacts import DARK_CORNER, PATCH
from napari_unlearn.data.synthetic.canvas import grid
from napari_unlearn.data.synthetic.noise import clouds, fractal, smoothstep
from napari_unlearn.data.synthetic.scene import Mark, Scene

# Teal, blue, yellow, orange, green, white.
PATCHES = np.array(
    [(116, 190, 178), (20, 138, 226), (224, 204, 40), (206, 112, 28), (96, 176, 92), (214, 212, 222)], np.float32
)


def render_dark_corner(rng: np.random.Generator, scene: Scene) -> list[Mark]:
    """The round field of view, off centre, so that its dark outside comes near the lesion on one side."""
    y, x = grid(scene.size)
    angle = scene.roomier(np.pi / 4 * (2 * rng.integers(4) + 1) + rng.uniform(-0.35, 0.35))
    radius = rng.uniform(0.50, 0.62)
    near = scene.reach(angle) + rng.uniform(0.02, 0.04)
    row, column = np.sin(angle) * (near - radius), np.cos(angle) * (near - radius)
    outside = np.hypot(y - row, x - column) - radius
    alpha = smoothstep(outside, 0.0, rng.uniform(0.02, 0.05))
    return [Mark.beside(DARK_CORNER, scene, alpha, np.array([9, 6, 8], np.float32) + rng.uniform(0, 8))]


def render_patch(rng: np.random.Generator, scene: Scene) -> list[Mark]:
    """A round sticker of woven cloth that reaches in from outside the picture."""
    y, x = grid(scene.size)
    colour = PATCHES[int(rng.integers(len(PATCHES)))] * rng.uniform(0.85, 1.05)
    angle = scene.roomier(rng.uniform(-np.pi, np.pi))
    radius = rng.uniform(0.2, 0.3)
    far = scene.reach(angle) + rng.uniform(0.02, 0.04) + radius
    row, column = np.sin(angle) * far, np.cos(angle) * far
    inside = radius - np.hypot(y - row, x - column) + 0.002 * clouds(rng, scene.size, 12)
    weave = 1 + 0.035 * fractal(rng, scene.size, 20, 100, 0.3) + 0.04 * clouds(rng, scene.size, 3)
    rim = 1 - 0.3 * smoothstep(inside, 0.014, 0.0)
    # A thin shadow on the skin shows that the sticker has thickness.
    alpha = np.maximum(smoothstep(inside, -0.003, 0.003), 0.35 * smoothstep(inside, -0.015, -0.002))
    return [Mark.beside(PATCH, scene, alpha, (weave * rim)[..., None] * colour)]
