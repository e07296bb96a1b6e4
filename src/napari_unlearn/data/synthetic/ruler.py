"""The millimetre scale etched into the contact plate."""

from __future__ import annotations

import numpy as np

from napari_unlearn.data.artefacts import RULER
from napari_unlearn.data.synthetic.canvas import Floats, grid
from napari_unlearn.data.synthetic.scene import Mark, Scene

# Strokes of the letter m in a 1 x 1 box, as (u, v) ends; a scale is labelled "mm".
LETTER = (((0, 0), (0, 1)), ((0, 0.05), (1, 0.05)), ((0.5, 0), (0.5, 1)), ((1, 0), (1, 1)))


def render_ruler(rng: np.random.Generator, scene: Scene) -> list[Mark]:
    """A scale with ticks along one side of the lesion, its ticks pointing towards it."""
    tilt = float(np.clip(rng.normal(0, 0.17), -0.45, 0.45))
    side = float(rng.choice([0.5, -0.5, 0.0, 1.0], p=[0.5, 0.2, 0.15, 0.15])) * np.pi
    towards = scene.roomier(side + tilt)
    tick, gap = rng.uniform(0.032, 0.044), rng.uniform(0.008, 0.02)
    half, spacing = rng.uniform(0.26, 0.36), rng.uniform(0.028, 0.04)
    shift, darkness = rng.normal(0, 0.04), rng.uniform(0.7, 0.95)
    width = max(rng.uniform(0.005, 0.0075), 0.9 / scene.size)
    y, x = grid(scene.size)
    cos, sin = np.cos(towards), np.sin(towards)
    # v grows away from the lesion and is 0 on the line that carries the ticks, u runs along that line.
    v = cos * x + sin * y - (scene.reach(towards) + gap + 1.25 * tick)
    row, column = scene.centre
    u = cos * (y - row) - sin * (x - column) - shift
    line = _bar(v, width, scene.size) * _within(u, -half, half + width, scene.size)
    phase = (u + half) / spacing
    nearest = np.round(phase)
    long = np.where(nearest % 5 == 0, 1.25 * tick, 0.75 * tick).astype(np.float32)
    ticks = _bar((phase - nearest) * spacing, 0.9 * width, scene.size) * ((v <= 0) & (-v <= long))
    ticks = ticks * _within(u, -half - 0.01, half + 0.01, scene.size)
    letters = _label(u + half, v, scene.size, 0.03, width)
    alpha = darkness * np.maximum(np.maximum(line, ticks), letters)
    return [Mark.beside(RULER, scene, alpha, np.array([38, 32, 32], np.float32) + rng.uniform(0, 25))]


def _bar(distance: Floats, width: float, size: int) -> Floats:
    """Coverage of a bar of `width` at a signed distance from its middle."""
    return np.asarray(np.clip(0.5 + (width / 2 - np.abs(distance)) * size, 0, 1), np.float32)


def _within(values: Floats, low: float, high: float, size: int) -> Floats:
    return np.asarray(np.clip(0.5 + np.minimum(values - low, high - values) * size, 0, 1), np.float32)


def _label(u: Floats, v: Floats, size: int, height: float, width: float) -> Floats:
    cover = np.zeros_like(u)
    for left in (0.0, 1.25 * height):
        for (u0, v0), (u1, v1) in LETTER:
            du = u - (left + u0 * 0.9 * height)
            dv = v - (0.5 * height + v0 * 0.8 * height)
            eu, ev = (u1 - u0) * 0.9 * height, (v1 - v0) * 0.8 * height
            along = np.clip((du * eu + dv * ev) / (eu * eu + ev * ev), 0, 1)
            cover = np.maximum(cover, _bar(np.hypot(du - along * eu, dv - along * ev), 0.8 * width, size))
    return cover
