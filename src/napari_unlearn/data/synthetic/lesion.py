"""A pigmented lesion: its outline, its structures and its colours. Benign and malignant differ here and nowhere else.

Every sign a dermatologist weighs is a *cue* between 0 (textbook benign) and 1 (textbook malignant). Cues are drawn
independently and their distributions overlap, so that no single one decides the diagnosis and all together nearly do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_unlearn.data.synthetic.canvas import Floats, Mask, grid
from napari_unlearn.data.synthetic.noise import clouds, fractal, ripples, smoothstep
from napari_unlearn.data.synthetic.skin import BLOOD

# Distance between the benign and the malignant mean of every cue, in standard deviations: 0 makes the classes
# indistinguishable, 1.5 leaves single cues at an AUROC of about 0.85.
SEPARATION = 1.5

PIGMENT = np.array([0.40, 0.77, 1.12], np.float32)
VEIL = np.array([100.0, 106.0, 126.0], np.float32)
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
    mesh, network : float
        Periods of the pigment network per image side, and how much it stands out.
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
    network: float
    seed: int

    @classmethod
    def draw(cls, rng: np.random.Generator, *, malignant: bool, separation: float = SEPARATION) -> LesionSpec:
        """Draw one lesion. All but the cues is drawn without looking at the diagnosis."""
        nature, nurture = rng.spawn(2)
        row, column = np.clip(nurture.normal(0, 0.04, 2), -0.08, 0.08)
        return cls(
            cues=Cues.draw(nature, malignant=malignant, separation=separation),
            centre=(float(row), float(column)),
            radius=float(nurture.uniform(0.165, 0.25)),
            elongation=float(nurture.uniform(1.0, 1.4)),
            angle=float(nurture.uniform(0, np.pi)),
            darkness=float(np.exp(np.clip(nurture.normal(0.15, 0.35), -0.35, 0.85))),
            blood=float(nurture.gamma(1.3, 0.06)),
            edge=float(nurture.uniform(0.014, 0.04)),
            mesh=float(nurture.uniform(18, 27)),
            network=float(0.08 + 0.4 * nurture.beta(1.3, 2.0)),
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
    opacity = _opacity(depth, fine, max(spec.edge, 0.6 / size))
    inner = smoothstep(depth, -0.005, 0.65 * spec.radius)
    melanin = opacity * spec.darkness * _pigment(spec, size, inner, pattern)
    vessels = 0.2 * spec.cues.variegation * smoothstep(clouds(colour, size, 4), 0.5, 1.9)
    blood = opacity * (spec.blood * (1 + 0.5 * clouds(colour, size, 6)) + vessels).clip(0)
    hue = (0.05 + 0.10 * spec.cues.variegation) * fractal(colour, size, 2, 10, 0.8)
    tint = PIGMENT + hue[..., None] * np.array([0.8, 0.15, -0.5], np.float32)
    # Dense pigment is black, not a deeper brown.
    dense = 0.22 * np.square((melanin - 0.55).clip(0))
    absorbed = melanin[..., None] * tint + blood[..., None] * BLOOD + dense[..., None]
    image = skin * np.exp(-absorbed) + (9 * opacity * melanin)[..., None]
    image = _regression(spec, image, skin, opacity * inner, colour)
    image = _veil(spec, image, opacity * inner, colour)
    return image.astype(np.float32), fine


def _depth(spec: LesionSpec, size: int, rng: np.random.Generator) -> Floats:
    """Approximate distance inwards from the outline, in image sides; negative outside."""
    cues = spec.cues
    y, x = grid(size)
    warp = 0.006 + 0.016 * cues.border
    dy = y - spec.centre[0] + warp * fractal(rng, size, 3, 28, 1.2)
    dx = x - spec.centre[1] + warp * fractal(rng, size, 3, 28, 1.2)
    cos, sin, stretch = np.cos(spec.angle), np.sin(spec.angle), np.sqrt(spec.elongation)
    u, v = (cos * dx + sin * dy) / stretch, (cos * dy - sin * dx) * stretch
    theta = np.linspace(-np.pi, np.pi, 720)
    k = np.arange(2, 14)
    rough = np.where(k <= 4, 0.02 + 0.09 * cues.asymmetry, 0.010 + 0.045 * cues.border) * np.minimum(1, (5 / k) ** 1.1)
    waves = np.cos(np.outer(theta, k) + rng.uniform(0, 2 * np.pi, k.size)) @ (rough * rng.normal(0, 1, k.size))
    radii = spec.radius * (1 + 0.42 * np.tanh(waves / 0.42))
    radius = np.interp(np.arctan2(v, u).ravel(), theta, radii).reshape(size, size)
    return np.asarray(radius - np.hypot(u, v), np.float32)


def _opacity(depth: Floats, fine: Mask, edge: float) -> Floats:
    """Share of the pigment that is there: a soft rim centred a little outside the outline."""
    # Specks that the warped outline threw off must not look like lesions outside the mask.
    depth = np.minimum(depth, np.where(fine, 1, -ndimage.distance_transform_edt(~fine) / fine.shape[0]))
    opacity = 1 / (1 + np.exp(-np.clip(4.0 * (depth / edge + 0.22), -30, 30)))
    return np.asarray(np.where(fine, np.maximum(opacity, 0.6), opacity), np.float32)


def _pigment(spec: LesionSpec, size: int, inner: Floats, rng: np.random.Generator) -> Floats:
    """Amount of pigment relative to the darkness of the lesion, around 1."""
    cues = spec.cues
    y, x = grid(size)
    lean = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(lean) * (x - spec.centre[1]) + np.sin(lean) * (y - spec.centre[0])) / spec.radius
    amount = 0.62 + 0.65 * inner + (0.05 + 0.28 * cues.asymmetry) * slope
    mottle = (0.08 + 0.26 * cues.variegation) * fractal(rng, size, 2, 16, 0.7) + 0.09 * fractal(rng, size, 14, 90, 0.4)
    amount = amount * np.exp(mottle)
    # A typical network is an even mesh of thin lines; an atypical one is coarse, patchy and broken.
    wave = ripples(rng, size, spec.mesh * (1 - 0.4 * cues.network), 1.5 + 5.0 * cues.network)
    lines = np.exp(-np.square(wave / np.float32(0.65 + 0.2 * cues.network))) - 0.5
    patchy = 1 + cues.network * (1.3 * smoothstep(clouds(rng, size, 5), -0.8, 1.2) - 0.7)
    amount = amount + spec.network * lines * patchy
    regular = 0.35 * (1 - cues.dots) * smoothstep(clouds(rng, size, 24), 0.9, 2.0)
    blotches = 1.2 * smoothstep(clouds(rng, size, 14), 2.7 - 1.3 * cues.dots, 3.6 - 1.3 * cues.dots)
    return np.asarray((amount + regular + blotches).clip(0.4), np.float32)


def _regression(spec: LesionSpec, image: Floats, skin: Floats, where: Floats, rng: np.random.Generator) -> Floats:
    """Scar-like pale areas, peppered with grey."""
    onset = 2.1 - 1.9 * spec.cues.regression
    scar = smoothstep(fractal(rng, image.shape[0], 3, 20, 1.4), onset, onset + 1.0)
    pepper = 0.5 * smoothstep(clouds(rng, image.shape[0], 34), 0.6, 2.0)
    target = SCAR * (0.86 * skin.mean() / 190) * (1 - pepper[..., None] * np.array([0.6, 0.5, 0.35], np.float32))
    return np.asarray(image + (0.55 * scar * where)[..., None] * (target - image), np.float32)


def _veil(spec: LesionSpec, image: Floats, where: Floats, rng: np.random.Generator) -> Floats:
    """A blue-grey haze over part of the lesion; structures shine through."""
    onset = 2.1 - 2.0 * spec.cues.veil
    cover = smoothstep(fractal(rng, image.shape[0], 3, 14, 1.5), onset, onset + 1.1)
    shade = 0.5 + 0.5 * image.mean(axis=2, keepdims=True) / 110
    return np.asarray(image + (0.68 * cover * where)[..., None] * (VEIL * shade - image), np.float32)


def _one_piece(mask: Mask) -> Mask:
    labels, count = ndimage.label(mask)
    if count > 1:
        mask = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(mask), bool)
