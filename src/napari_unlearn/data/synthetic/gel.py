"""Immersion gel: bubbles trapped under the contact plate, and the wet border of the drop."""

from __future__ import annotations

import numpy as np

from napari_unlearn.data.artefacts import GEL_BORDER, GEL_BUBBLE
from napari_unlearn.data.synthetic.canvas import grid
from napari_unlearn.data.synthetic.noise import clouds, fractal, smoothstep
from napari_unlearn.data.synthetic.scene import Mark, Scene


def render_gel(rng: np.random.Generator, scene: Scene) -> list[Mark]:
    """A cluster of bubbles beside the lesion and the border of the gel behind them."""
    bubbles, border = rng.spawn(2)
    return [_border(border, scene), _bubbles(bubbles, scene)]


def _bubbles(rng: np.random.Generator, scene: Scene) -> Mark:
    size = scene.size
    y, x = grid(size)
    light = rng.uniform(-np.pi, np.pi)
    alpha, tone = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    # Any free spot within a short way of the lesion will do; most lie near one another.
    free = np.argwhere((scene.away > 0.03) & (scene.away < 0.11) & (np.maximum(abs(y), abs(x)) < 0.47))
    home = free[int(rng.integers(len(free)))]
    free = free[np.argsort(np.hypot(*(free - home).T), kind="stable")][: max(8, len(free) // 2)]
    for _ in range(int(rng.integers(8, 18))):
        spot = free[int(rng.integers(len(free)))]
        radius = max(min(rng.uniform(0.012, 0.034), scene.away[tuple(spot)] - 0.008), 1.5 / size)
        row, column = (spot + 0.5) / size - 0.5
        box = (_window(row, radius, size), _window(column, radius, size))
        dy, dx = (y[box] - row) / radius, (x[box] - column) / radius
        r = np.hypot(dy, dx)
        inside = smoothstep(r, 1.0 + 0.5 / (size * radius), 1.0 - 0.5 / (size * radius))
        rim = smoothstep(np.abs(r - 0.86), 0.32, 0.05)
        facing = 0.5 + 0.5 * (np.cos(light) * dx + np.sin(light) * dy) / np.maximum(r, 0.2)
        glint = smoothstep(np.hypot(dx - 0.4 * np.cos(light), dy - 0.4 * np.sin(light)), 0.45, 0.1)
        strength = inside * np.maximum(np.maximum(rim * (0.35 + 0.6 * facing), 0.95 * glint), 0.14)
        shade = np.where(glint > 0.3, 252, np.where(rim * facing > 0.25, 236, 96)).astype(np.float32)
        newer = strength > alpha[box]
        tone[box] = np.where(newer, shade, tone[box])
        alpha[box] = np.maximum(strength, alpha[box])
    return Mark.beside(GEL_BUBBLE, scene, alpha, tone[..., None] * np.array([1.0, 0.99, 0.97], np.float32))


def _border(rng: np.random.Generator, scene: Scene) -> Mark:
    y, x = grid(scene.size)
    angle = scene.roomier(rng.uniform(-np.pi, np.pi))
    radius = rng.uniform(0.45, 0.8)
    near = scene.reach(angle) + rng.uniform(0.045, 0.08)
    row, column = np.sin(angle) * (near - radius), np.cos(angle) * (near - radius)
    edge = np.hypot(y - row, x - column) - radius + 0.007 * clouds(rng, scene.size, 6)
    bright = 0.75 * smoothstep(np.abs(edge), 0.010, 0.002) * smoothstep(clouds(rng, scene.size, 9), -1.0, 1.2)
    dark = 0.3 * smoothstep(np.abs(edge + 0.012), 0.012, 0.003)
    sparkle = smoothstep(fractal(rng, scene.size, 8, 60, 0.4), 1.2, 2.0)
    glints = 0.9 * sparkle * smoothstep(np.abs(edge - 0.02), 0.035, 0.005)
    high = np.maximum(bright, glints)
    colour = np.where(
        (high >= dark)[..., None], np.array([248, 244, 240], np.float32), np.array([92, 70, 66], np.float32)
    )
    return Mark.beside(GEL_BORDER, scene, np.maximum(high, dark), colour)


def _window(middle: float, radius: float, size: int) -> slice:
    low = int(np.floor((middle - radius + 0.5) * size)) - 1
    return slice(max(0, low), min(size, low + int(np.ceil(2 * radius * size)) + 3))
