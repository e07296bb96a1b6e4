"""A pigmented lesion: its outline, its structures and its colours. Benign and malignant differ here and nowhere else.

Every sign a dermatologist weighs is a *cue* between 0 (textbook benign) and 1 (textbook malignant). Cues are drawn
independently and their distributions overlap, so that no single one decides the diagnosis and all together nearly do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_unlearn.data.synthetic.noise import clouds, fractal, ripples, smoothstep
from napari_unlearn.data.synthetic.skin import BLOOD, MELANIN
from napari_unlearn.data.synthetic.types import Floats, Mask, grid

# Distance between the benign and the malignant mean of every cue, in standard deviations: 0 makes the classes
# indistinguishable, 1.5 leaves single cues at an AUROC of about 0.85.
SEPARATION = 1.5

VEIL = np.array([92.0, 104.0, 132.0], np.float32)
SCAR = np.array([206.0, 184.0, 182.0], np.float32)


@dataclass(frozen=True)
class Cues:
    """Signs of malignancy, each from 0 (benign) to 1 (malignant)."""

    asymmetry: float
    border: float
    variegation: float
    network: float
    veil: float
    regression: float
    dots: float

    @classmethod
    def draw(cls, rng: np.random.Generator, *, malignant: bool, separation: float = SEPARATION) -> Cues:
        """Draw all cues; `separation` is the distance of the class means in standard deviations."""
        latent = rng.normal(0, 1, 7) + (separation / 2 if malignant else -separation / 2)
        return cls(*(float(v) for v in 1 / (1 + np.exp(-1.5 * latent))))


@dataclass(frozen=True)
class LesionSpec:
    """What one lesion looks like.

    Attributes
    ----------
    cues : Cues
        Signs that go with the diagnosis.
    centre : tuple of float
        Row and column, 0 being the middle of the image, in image sides.
    radius, elongation, angle : float
        Mean radius in image sides, ratio of the axes, direction of the long axis in radians.
    darkness, blood : float
        Absorbance of pigment and of blood in the middle of the lesion.
    edge : float
        Width of the fading rim in image sides.
    mesh : float
        Lines of the pigment network per image side.
    seed : int
        Of the patterns themselves.
    """

    cues: Cues
    centre: tuple[float, float]
    radius: float
    elongation: float
    angle: float
    darkness: float
    blood: float
    edge: float
    mesh: float
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator, *, malignant: bool, separation: float = SEPARATION) -> LesionSpec:
        """Draw one lesion. All but the cues is drawn without looking at the diagnosis."""
        nature, nurture = rng.spawn(2)
        return cls(
            cues=Cues.draw(nature, malignant=malignant, separation=separation),
            centre=(float(np.clip(nurture.normal(0, 0.04), -0.08, 0.08)), float(np.clip(nurture.normal(0, 0.04), -0.08, 0.08))),
            radius=float(nurture.uniform(0.15, 0.22)),
            elongation=float(nurture.uniform(1.0, 1.45)),
            angle=float(nurture.uniform(0, np.pi)),
            darkness=float(np.exp(nurture.normal(0.0, 0.28))),
            blood=float(nurture.gamma(2.0, 0.06)),
            edge=float(nurture.uniform(0.005, 0.013)),
            mesh=float(nurture.uniform(17, 25)),
            seed=int(nurture.integers(2**63)),
        )


def render_lesion(spec: LesionSpec, skin: Floats) -> tuple[Floats, Mask]:
    """Paint the lesion onto the skin.

    Parameters
    ----------
    spec : LesionSpec
        What to paint.
    skin : ndarray
        (size, size, 3) float32, 0 to 255; not changed.

    Returns
    -------
    image : ndarray
        (size, size, 3) float32.
    fine : ndarray of bool
        (size, size): the lesion, one piece without holes.
    """
    size = skin.shape[0]
    outline, pattern, colour = np.random.default_rng(spec.seed).spawn(3)
    depth = _depth(spec, size, outline)
    fine = _one_piece(depth > 0)
    edge = max(spec.edge, 0.6 / size)
    # Pigment that the outline left as separate islands would be a lesion outside its own mask.
    depth = np.where(fine, np.maximum(depth, 0), np.minimum(depth, -0.3 * edge) - np.where(depth > 0, 9, 0))
    opacity = 1 / (1 + np.exp(-np.clip(3.0 * (depth / edge + 0.4), -30, 30)))
    inner = smoothstep(depth, 0.0, 0.45 * spec.radius)
    melanin = spec.darkness * _pigment(spec, size, inner, pattern)
    blood = (spec.blood * (1 + 0.5 * clouds(colour, size, 6)) + 0.35 * spec.cues.variegation * smoothstep(clouds(colour, size, 4), 0.6, 1.8)).clip(0)
    hue = 0.16 * clouds(colour, size, 5) * (0.3 + spec.cues.variegation)
    # Pigment deep in the skin looks grey-blue, close to the surface brown to black.
    tint = MELANIN + hue[..., None] * np.array([0.55, 0.1, -0.6], np.float32)
    image = skin * np.exp(-(opacity * melanin)[..., None] * tint - (opacity * blood)[..., None] * BLOOD) + (6 * opacity)[..., None]
    image = _regression(spec, image, skin, opacity * inner, colour)
    image = _veil(spec, image, opacity * inner, colour)
    return image.astype(np.float32), fine


def _depth(spec: LesionSpec, size: int, rng: np.random.Generator) -> Floats:
    """Approximate distance inwards from the outline, in image sides; negative outside."""
    cues = spec.cues
    y, x = grid(size)
    warp = 0.006 + 0.022 * cues.border
    dy = y - spec.centre[0] + warp * fractal(rng, size, 3, 30, 1.0)
    dx = x - spec.centre[1] + warp * fractal(rng, size, 3, 30, 1.0)
    cos, sin, stretch = np.cos(spec.angle), np.sin(spec.angle), np.sqrt(spec.elongation)
    u, v = (cos * dx + sin * dy) / stretch, (cos * dy - sin * dx) * stretch
    theta = np.linspace(-np.pi, np.pi, 720)
    k = np.arange(2, 16)
    strength = np.where(k <= 4, 0.025 + 0.10 * cues.asymmetry, 0.012 + 0.05 * cues.border) * np.minimum(1, (4 / k) ** 0.7)
    waves = np.cos(np.outer(theta, k) + rng.uniform(0, 2 * np.pi, k.size)) @ (strength * rng.normal(0, 1, k.size))
    radii = spec.radius * np.clip(1 + waves, 0.55, 1.45)
    radius = np.interp(np.arctan2(v, u).ravel(), theta, radii).reshape(size, size)
    return np.asarray(radius - np.hypot(u, v), np.float32)


def _pigment(spec: LesionSpec, size: int, inner: Floats, rng: np.random.Generator) -> Floats:
    """Amount of pigment relative to the darkness of the lesion, around 1."""
    cues = spec.cues
    y, x = grid(size)
    lean = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(lean) * (x - spec.centre[1]) + np.sin(lean) * (y - spec.centre[0])) / spec.radius
    amount = 0.8 + 0.35 * inner + (0.05 + 0.25 * cues.asymmetry) * slope
    amount = amount * np.exp((0.06 + 0.26 * cues.variegation) * fractal(rng, size, 2, 14, 0.8) + 0.06 * fractal(rng, size, 12, 60, 0.5))
    # A typical network is an even mesh of thin lines; an atypical one is coarse, patchy and broken.
    wave = ripples(rng, size, spec.mesh * (1 - 0.35 * cues.network), 1.0 + 5.0 * cues.network)
    lines = np.exp(-np.square(wave / np.float32(0.35 + 0.30 * cues.network))) - 0.35
    patchy = 1 + cues.network * (1.4 * smoothstep(clouds(rng, size, 5), -0.8, 1.2) - 0.9)
    amount = amount + 0.55 * lines * patchy * (0.5 + 0.5 * inner)
    regular = 0.35 * (1 - cues.dots) * smoothstep(clouds(rng, size, 20), 1.0, 1.7)
    blotches = 1.3 * smoothstep(clouds(rng, size, 11), 2.9 - 1.5 * cues.dots, 3.4 - 1.5 * cues.dots)
    return np.asarray((amount + regular + blotches).clip(0.42), np.float32)


def _regression(spec: LesionSpec, image: Floats, skin: Floats, where: Floats, rng: np.random.Generator) -> Floats:
    scar = smoothstep(clouds(rng, image.shape[0], 5), 2.1 - 1.9 * spec.cues.regression, 2.9 - 1.9 * spec.cues.regression)
    pepper = 0.5 * smoothstep(clouds(rng, image.shape[0], 34), 0.8, 1.8)
    target = SCAR * (skin.mean() / 190) * (1 - pepper[..., None] * np.array([0.6, 0.5, 0.35], np.float32))
    weight = (0.6 * scar * where)[..., None]
    return np.asarray(image + weight * (target * 0.86 - image), np.float32)


def _veil(spec: LesionSpec, image: Floats, where: Floats, rng: np.random.Generator) -> Floats:
    cover = smoothstep(clouds(rng, image.shape[0], 4.5), 2.2 - 2.0 * spec.cues.veil, 3.2 - 2.0 * spec.cues.veil)
    weight = (0.72 * cover * where)[..., None]
    shade = 0.6 + 0.4 * image.mean(axis=2, keepdims=True) / 128
    return np.asarray(image + weight * (VEIL * shade - image), np.float32)


def _one_piece(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count > 1:
        mask = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(mask), bool)
