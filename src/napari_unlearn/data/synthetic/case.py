"""One synthetic case: skin, lesion, hair and perhaps a shortcut, put together into an image and its maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_unlearn.data.synthetic.artefacts import ShortcutSpec, render_shortcut
from napari_unlearn.data.synthetic.canvas import Bytes
from napari_unlearn.data.synthetic.hair import HairSpec, render_hair
from napari_unlearn.data.synthetic.lesion import SEPARATION, LesionSpec, render_lesion
from napari_unlearn.data.synthetic.scene import Scene
from napari_unlearn.data.synthetic.skin import SkinSpec, render_skin

BENIGN, MALIGNANT = 1, 2
SMALLEST, LARGEST = 64, 1024


@dataclass(frozen=True)
class CaseSpec:
    """Everything that decides what a case looks like; the same at every size.

    Attributes
    ----------
    malignant : bool
        The diagnosis.
    skin, lesion, hair : SkinSpec, LesionSpec, HairSpec
        What is always there.
    shortcut : ShortcutSpec
        What is there only when `biased` is true.
    biased : bool
        Whether the shortcut is rendered.
    noise : float
        Standard deviation of the camera noise in grey levels.
    seed : int
        Of the camera noise.
    """

    malignant: bool
    skin: SkinSpec
    lesion: LesionSpec
    hair: HairSpec
    shortcut: ShortcutSpec
    biased: bool
    noise: float
    seed: int

    @classmethod
    def draw(
        cls, rng: np.random.Generator, *, malignant: bool, biased: bool = False, separation: float = SEPARATION
    ) -> CaseSpec:
        """Draw a case; each part has a random stream of its own, so `biased` changes nothing but the shortcut.

        Parameters
        ----------
        rng : Generator
            Its children are spawned, so draw every case from a generator of its own.
        malignant, biased : bool
            Diagnosis, and whether the shortcut is present.
        separation : float
            See `napari_unlearn.data.synthetic.lesion.SEPARATION`.

        Returns
        -------
        CaseSpec
            The same for the same generator and settings.
        """
        skin, lesion, hair, shortcut, camera = rng.spawn(5)
        return cls(
            malignant=malignant,
            skin=SkinSpec.draw(skin),
            lesion=LesionSpec.draw(lesion, malignant=malignant, separation=separation),
            hair=HairSpec.draw(hair),
            shortcut=ShortcutSpec.draw(shortcut),
            biased=biased,
            noise=float(camera.uniform(0.8, 2.5)),
            seed=int(camera.integers(2**63)),
        )


def render_case(spec: CaseSpec, size: int) -> tuple[Bytes, Bytes, Bytes]:
    """Render a case.

    Parameters
    ----------
    spec : CaseSpec
        What to render.
    size : int
        Side of the image in pixels, 64 to 1024.

    Returns
    -------
    image : ndarray
        (size, size, 3) uint8 RGB.
    fine : ndarray
        (size, size) uint8: 0 background, 1 benign, 2 malignant.
    artefacts : ndarray
        (size, size) uint8 bit flags, exactly the pixels that an artefact changes.

    Raises
    ------
    ValueError
        `size` is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"An image side of {size} px is out of range: choose {SMALLEST} to {LARGEST}.")
    image, lesion = render_lesion(spec.lesion, render_skin(spec.skin, size))
    marks = [render_hair(spec.hair, size)] if spec.hair.count else []
    if spec.biased:
        marks += render_shortcut(spec.shortcut, Scene.around(lesion))
    flags = np.zeros((size, size), np.uint8)
    for mark in marks:
        image = mark.over(image)
        flags |= mark.pixels.astype(np.uint8) * np.uint8(mark.flag)
    grain = np.random.default_rng(spec.seed).standard_normal((size, size, 1), np.float32)
    grained = np.clip(image + spec.noise * grain, 0, 255).astype(np.uint8)
    return grained, lesion * np.uint8(MALIGNANT if spec.malignant else BENIGN), flags
