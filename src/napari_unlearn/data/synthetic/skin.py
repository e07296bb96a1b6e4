"""Healthy skin under a dermatoscope: tone, shading, flush, freckles, skin lines and pores. No lesion, no artefact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_unlearn.data.synthetic.canvas import Floats, grid
from napari_unlearn.data.synthetic.noise import clouds, fractal, ripples, smoothstep

# Absorption of melanin and of blood in red, green and blue light, relative to the strongest.
MELANIN = np.array([0.42, 0.74, 1.0], np.float32)
BLOOD = np.array([0.12, 1.0, 0.85], np.float32)


@dataclass(frozen=True)
class SkinSpec:
    """What one patch of skin looks like; drawn without looking at the diagnosis.

    Attributes
    ----------
    tone : tuple of float
        Red, green and blue of the plain skin, 0 to 255.
    flush, freckles, lines, pores : float
        Strength of blood mottling, brown spots, skin lines and pores, 0 for none.
    shading : tuple of float
        Brightness change from centre to edge along rows and columns, as a fraction.
    line_angle : float
        Direction of the skin lines, radians.
    seed : int
        Of the patterns themselves.
    """

    tone: tuple[float, float, float]
    flush: float
    freckles: float
    lines: float
    pores: float
    shading: tuple[float, float]
    line_angle: float
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> SkinSpec:
        """Draw the skin of one case."""
        light, pink, dark = rng.normal(0, 0.12), rng.normal(0, 0.06), rng.beta(1.0, 6)
        tone = np.log([206.0, 176.0, 163.0]) + light * np.array([0.7, 1.0, 1.1])
        tone += pink * np.array([0.7, -0.5, -0.2]) - 0.9 * dark * MELANIN.astype(float)
        tone += rng.normal(0, 0.065) * np.array([0.2, 0.0, -1.0])
        red, green, blue = np.exp(np.minimum(tone, np.log([246.0, 236.0, 232.0])))
        return cls(
            tone=(float(red), float(green), float(blue)),
            flush=float(rng.gamma(1.5, 0.014)),
            freckles=float(rng.uniform(0.05, 0.22)) if rng.random() < 0.3 else 0.0,
            lines=float(rng.gamma(1.2, 0.006)),
            pores=float(rng.uniform(0.03, 0.10)) if rng.random() < 0.5 else 0.0,
            shading=(float(rng.normal(0, 0.10)), float(rng.normal(0, 0.10))),
            line_angle=float(rng.uniform(0, np.pi)),
            seed=int(rng.integers(2**63)),
        )


def render_skin(spec: SkinSpec, size: int) -> Floats:
    """Skin without anything on it: (size, size, 3) float32, 0 to 255."""
    flush, freckle, line, pore, tone = np.random.default_rng(spec.seed).spawn(5)
    y, x = grid(size)
    blood = spec.flush * fractal(flush, size, 2, 40, 0.8).clip(-1.0)
    melanin = 0.025 * fractal(tone, size, 2, 24, 0.7)
    if spec.freckles:
        melanin = melanin + spec.freckles * smoothstep(fractal(freckle, size, 4, 30, 1.0), 0.9, 2.2)
    across = ripples(line, size, 34, 12, spec.line_angle) + ripples(line, size, 30, 10, spec.line_angle + 1.2)
    relief = spec.lines * across + 0.006 * clouds(line, size, 45)
    if spec.pores:
        relief = relief - spec.pores * smoothstep(clouds(pore, size, 18), 2.0, 2.9)
    light = spec.shading[0] * y + spec.shading[1] * x - 0.25 * (y * y + x * x) + relief
    absorbed = melanin[..., None] * MELANIN + blood[..., None] * BLOOD
    return np.asarray(np.array(spec.tone, np.float32) * np.exp(light[..., None] - absorbed), np.float32)
