"""An exported model is loaded again, by the very lines that go with it, and must predict what the model predicts."""

from __future__ import annotations

import contextlib
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from napari_unlearn.data.synthetic.case import CaseSpec, render_case
from napari_unlearn.errors import UserError
from napari_unlearn.export.usage import NAME as LINES
from napari_unlearn.models.segmenter import Segmenter, mask_of

TOLERANCE = 1e-3
"""Largest difference of a class probability that is put down to rounding."""

SHAPES = ((1.0, 1.0), (1.1, 1.7), (0.8, 0.3))
"""Height and width of the compared images, in long sides of the model's grid: as they are, to shrink, to enlarge."""

Predict = Callable[[Image.Image], tuple[NDArray[np.float32], NDArray[np.uint8]]]


@dataclass(frozen=True)
class RoundTrip:
    """How far an exported model is from the one that it was exported from.

    Attributes
    ----------
    images : int
        Drawn images that both saw.
    pixels : int
        Of these images.
    largest_score_difference : float
        Of any class score before the softmax.
    largest_probability_difference : float
        Of any class probability.
    different_pixels : int
        Pixels whose class is another one.
    tolerance : float
        Largest difference of a probability that an export may have.
    """

    images: int
    pixels: int
    largest_score_difference: float
    largest_probability_difference: float
    different_pixels: int
    tolerance: float = TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        return asdict(self)


def drawn_images(size: int) -> list[NDArray[np.uint8]]:
    """Draw the images that are compared: dermoscopy of nobody, square, wide and tall.

    Parameters
    ----------
    size : int
        Long side of the model's grid.

    Returns
    -------
    list of ndarray of uint8, shape (H, W, 3)
        The same every time.
    """
    images = []
    for seed, shape in enumerate(SHAPES):
        spec = CaseSpec.draw(np.random.default_rng(seed), malignant=seed % 2 == 0, biased=seed == 1)
        whole, _, _ = render_case(spec, min(max(size, 64), 1024))
        height, width = (max(8, round(side * size)) for side in shape)
        images.append(np.asarray(Image.fromarray(whole).resize((width, height))))
    return images


def compare(segmenter: Segmenter, predict: Predict) -> RoundTrip:
    """Compare a model with what was loaded again.

    Parameters
    ----------
    segmenter : Segmenter
        The model.
    predict : callable
        From an image to class scores on the grid and the class of every pixel.

    Returns
    -------
    RoundTrip

    Raises
    ------
    UserError
        They differ by more than `TOLERANCE`, or in shape.
    """
    images = drawn_images(segmenter.card.size)
    of_scores, of_probabilities, different = [], [], 0
    for image in images:
        wanted = segmenter.composed_logits(image)
        found, mask = predict(Image.fromarray(image))
        if found.shape != tuple(wanted.shape) or mask.shape != image.shape[:2]:
            raise UserError("The exported model predicts another shape than the model; nothing was exported.")
        # A copy, since what a runtime hands out may be read-only.
        other = torch.tensor(found)
        of_scores.append((other - wanted).abs().max())
        of_probabilities.append((other.softmax(0) - wanted.softmax(0)).abs().max())
        different += int((mask != mask_of(wanted, (image.shape[0], image.shape[1]))).sum())
    # NaN passes through these maxima, as it does not through Python's, and is not within any tolerance.
    scores, probabilities = float(torch.stack(of_scores).max()), float(torch.stack(of_probabilities).max())
    if not probabilities <= TOLERANCE:
        raise UserError(
            f"The exported model's class probabilities differ by up to {probabilities:.2g} from the model's, more than "
            f"rounding explains ({TOLERANCE:g}); nothing was exported. Choose another format."
        )
    return RoundTrip(len(images), sum(image[..., 0].size for image in images), scores, probabilities, different)


def round_trip(folder: Path, segmenter: Segmenter) -> RoundTrip:
    """Load an export by its own lines and compare it.

    Parameters
    ----------
    folder : Path
        The export, with `predict.py`.
    segmenter : Segmenter
        The model that was exported.

    Returns
    -------
    RoundTrip

    Raises
    ------
    UserError
        They differ.
    """
    # What libraries print while they load belongs to no output of a command.
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings(), _beside(folder):
        warnings.simplefilter("ignore")
        predict: Predict = _executed(folder / LINES).predict
        return compare(segmenter, predict)


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[None]:
    """Let the lines import what lies beside them, as they do when they are run."""
    path, name = folder / "pixel_head.py", "pixel_head"
    if not path.is_file():
        yield
        return
    before = sys.modules.get(name)
    sys.modules[name] = types.ModuleType(name)
    try:
        sys.modules[name].__dict__.update(_executed(path).__dict__)
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before


def _executed(path: Path) -> types.ModuleType:
    # Not imported: that would leave compiled code in the export.
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), module.__dict__)
    return module
