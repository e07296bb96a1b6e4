"""Marks of a surgical pen on the skin: a broken ring round the lesion, or a few scribbled strokes beside it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unlearn.data.artefacts import INK
from napari_unlearn.data.synthetic.canvas import Floats, grid
from napari_unlearn.data.synthetic.noise import clouds, ripples, smoothstep
from napari_unlearn.data.synthetic.scene import Mark, Scene
from napari_unlearn.data.synthetic.strokes import bezier, cover

# How the common pens stain skin: gentian violet, indigo, blue, green, black.
PENS = np.array([(118, 84, 190), (92, 82, 168), (76, 112, 200), (78, 150, 118), (84, 80, 92)], np.float32)


def render_ink(rng: np.random.Generator, scene: Scene) -> list[Mark]:
    """Pen marks near the lesion, grainy because the ink settles in the furrows of the skin."""
    pen = PENS[rng.choice(len(PENS), p=[0.45, 0.25, 0.15, 0.05, 0.10])] + rng.normal(0, 8, 3)
    ring = rng.random() < 0.55
    shape, grain = rng.spawn(2)
    stroke = _ring(shape, scene) if ring else _scribble(shape, scene)
    run = grain.uniform(0, np.pi)
    furrows = np.maximum(*(np.abs(ripples(grain, scene.size, 50, 18, run + turn)) for turn in (0.0, 1.3)))
    grip = furrows + 0.5 * clouds(grain, scene.size, 60) + 0.5 * clouds(grain, scene.size, 9)
    density = stroke * (0.3 + 0.7 * smoothstep(grip, 0.0, 1.6))
    return [Mark.beside(INK, scene, density * rng.uniform(0.8, 1.0), pen, stains=True)]


def _ring(rng: np.random.Generator, scene: Scene) -> Floats:
    y, x = grid(scene.size)
    row, column = scene.centre
    # A hand draws rounder than the lesion is: smooth the distance before following it.
    rounded = ndimage.gaussian_filter(scene.away, 0.05 * scene.size)
    width, gap = rng.uniform(0.016, 0.026), rng.uniform(0.02, 0.045)
    wobble = 0.010 * clouds(rng, scene.size, 5)
    line = smoothstep(np.abs(rounded + wobble - gap - 0.02), 1.5 * width, 0.3 * width)
    turn = np.arctan2(y - row, x - column) - rng.uniform(-np.pi, np.pi)
    turn = np.abs((turn + np.pi) % (2 * np.pi) - np.pi)
    reach = rng.uniform(1.1, np.pi)
    dashes = smoothstep(clouds(rng, scene.size, 12), -1.9, -0.3)
    return np.asarray(line * dashes * smoothstep(turn, reach, reach - 0.2), np.float32)


def _scribble(rng: np.random.Generator, scene: Scene) -> Floats:
    angle = scene.roomier(rng.uniform(-np.pi, np.pi))
    middle = np.array([np.sin(angle), np.cos(angle)]) * (scene.reach(angle) + rng.uniform(0.045, 0.07))
    row, column = scene.centre
    along = np.array([np.cos(angle), -np.sin(angle)])
    middle = middle + along * (np.array([row, column]) @ along)
    strokes = []
    for _ in range(int(rng.integers(8, 16))):
        centre = middle + rng.normal(0, 0.022, 2) + along * rng.normal(0, 0.05)
        lean = along * rng.uniform(0.03, 0.10) + rng.normal(0, 0.03, 2)
        path = bezier(centre - lean, centre + rng.normal(0, 0.03, 2), centre + lean)
        strokes.append((path, rng.uniform(0.014, 0.024)))
    return cover(strokes, scene.size)
