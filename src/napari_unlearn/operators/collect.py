"""From a data set to the `HeadProblem` of an operator: the one place that reads masks for unlearning.

Retain pixels are drawn from refined cases; what a coarse mask alone covers never enters. Labels given to the retain
side come from fine masks only, so no forgotten label can reach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_bytes
from napari_unlearn.masks import fine_outside_coarse, split_pixels
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.grid import image_to_grid, mask_to_grid
from napari_unlearn.models.pixel_sampling import IGNORE, DrawnPixels, draw_pixels, merge, standardised
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.operators.counterfactual import Refined, compositions
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Step
from napari_unlearn.operators.settings import Settings

_BATCH = 8


@dataclass(frozen=True)
class Collected:
    """A problem and what the certificate has to say about its data.

    Attributes
    ----------
    problem : HeadProblem
        For the operator.
    retain_pixels, forget_pixels : int
        Sizes of D_r and D_f over all training cases, in pixels of the masks.
    refined, unrefined : int
        Training cases with and without a fine mask.
    retain_hash : str
        SHA-256 over ids, fine masks and certain background: what may be kept.
    forget_hash : str
        SHA-256 over ids and forgotten pixels.
    outside : dict of str to int
        Refined cases whose fine mask leaves the coarse one, with the number of such pixels.
    """

    problem: HeadProblem
    retain_pixels: int
    forget_pixels: int
    refined: int
    unrefined: int
    retain_hash: str
    forget_hash: str
    outside: dict[str, int]


def collect(
    segmenter: HeadSegmenter, cases: Sequence[Case], settings: Settings, swaps: int, rng: np.random.Generator
) -> Iterator[Step | Collected]:
    """Read masks, split pixels, compose counterfactual cases and compute features.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use.
    cases : sequence of Case
        Training cases.
    settings : Settings
        Numbers of pixels, share of composed cases, whether corrected pixels teach.
    swaps : int
        Composed cases per refined case.
    rng : numpy.random.Generator
        Draws pixels and partners.

    Yields
    ------
    Step or Collected
        `Collected` comes last.

    Raises
    ------
    UserError
        No case is refined, or refined cases lack a class that the model predicts.
    """
    size, cache, standardiser = segmenter.card.size, segmenter.cache, segmenter.head.standardiser
    # A case without a coarse mask never taught the model anything: there is nothing to forget and nothing known.
    cases = [case for case in cases if case.coarse_path is not None]
    refined_cases = [case for case in cases if case.is_refined]
    if not refined_cases:
        raise UserError("No training case has a fine mask yet; refine at least one case of every class first.")
    # The forget side draws from a stream of its own, so that what is forgotten cannot shift a draw of the retain side.
    forget_rng = rng.spawn(1)[0]
    tally = _Tally()
    retain: list[DrawnPixels] = []
    certain: list[DrawnPixels] = []
    forget: list[DrawnPixels] = []
    refined: list[Refined] = []
    total = len(cases) + len(refined_cases) * swaps
    for done, case in enumerate(cases):
        yield Step(done, total, "Reading masks")
        coarse, fine = case.coarse(), case.fine()
        split = split_pixels(coarse, fine)
        tally.add(case.id, split.retain, split.forget, coarse, fine)
        coarse_grid = mask_to_grid(coarse, size)
        if fine is None:
            if settings.background_pixels and settings.background_weight:
                outside = np.where(coarse_grid > 0, IGNORE, 0).astype(np.uint8)
                levels = cache.levels(image_to_grid(case.image(), size))
                certain.append(draw_pixels(levels, outside, settings.background_pixels, rng))
            continue
        fine_grid = mask_to_grid(fine, size)
        artefact = split_pixels(coarse_grid, fine_grid).forget
        grid = image_to_grid(case.image(), size)
        levels = cache.levels(grid)
        usable = fine_grid if settings.corrected else np.where(artefact, IGNORE, fine_grid).astype(np.uint8)
        retain.append(draw_pixels(levels, usable, settings.pixels, rng, settings.near_weight))
        forget.append(
            draw_pixels(levels, np.where(artefact, coarse_grid, IGNORE).astype(np.uint8), settings.pixels, forget_rng)
        )
        refined.append(Refined(grid.permute(1, 2, 0).numpy(), fine_grid, case.diagnosis or ""))
    kept = merge(retain)
    _require_classes(refined, segmenter.card.classes)
    retained = standardised(kept, standardiser)
    if swaps:
        composed: list[DrawnPixels] = []
        for batch in _batches(compositions(refined, swaps, rng)):
            yield Step(len(cases) + len(composed), total, "Composing counterfactual cases")
            images = torch.from_numpy(np.stack([image.transpose(2, 0, 1) for image, _ in batch]))
            for levels, (_, labels) in zip(cache.compute(images), batch, strict=True):
                composed.append(draw_pixels(levels, labels, settings.swap_pixels, rng, settings.near_weight))
        if not composed:
            raise UserError("Counterfactual cases need two refined cases of the same shape; refine another one.")
        retained = _mix(retained, standardised(merge(composed), standardiser), settings.swap_weight)
    if certain:
        retained = _mix(retained, standardised(merge(certain), standardiser), settings.background_weight)
    yield Collected(
        HeadProblem(
            retained,
            standardised(merge(forget), standardiser),
            segmenter.head.weights,
            len(segmenter.card.classes),
            settings.strength,
        ),
        tally.retain,
        tally.forget,
        len(refined_cases),
        len(cases) - len(refined_cases),
        tally.retain_hash,
        tally.forget_hash,
        tally.outside,
    )


class _Tally:
    """Counts and fingerprints of the two sets, at the masks' own resolution."""

    def __init__(self) -> None:
        self.retain = self.forget = 0
        self.outside: dict[str, int] = {}
        self._retained: list[bytes] = []
        self._forgotten: list[bytes] = []

    def add(
        self,
        case_id: str,
        retain: NDArray[np.bool_],
        forget: NDArray[np.bool_],
        coarse: NDArray[np.uint8],
        fine: NDArray[np.uint8] | None,
    ) -> None:
        self.retain += int(retain.sum())
        self.forget += int(forget.sum())
        labels = fine if fine is not None else np.zeros_like(coarse)
        label = f"{case_id} {retain.shape} ".encode()
        self._retained.append(sha256_bytes(label + np.packbits(retain).tobytes() + labels.tobytes()).encode())
        self._forgotten.append(sha256_bytes(label + np.packbits(forget).tobytes()).encode())
        if fine is not None and (outside := int(np.count_nonzero(fine_outside_coarse(coarse, fine)))):
            self.outside[case_id] = outside

    @property
    def retain_hash(self) -> str:
        return sha256_bytes(b"\n".join(self._retained))

    @property
    def forget_hash(self) -> str:
        return sha256_bytes(b"\n".join(self._forgotten))


def _require_classes(refined: Sequence[Refined], names: Sequence[str]) -> None:
    shown = set().union(*(np.unique(case.fine).tolist() for case in refined))
    missing = [name for k, name in enumerate(names) if k not in shown]
    if missing:
        raise UserError(
            f"No refined case shows {' or '.join(missing)}, so the model would forget it altogether; refine at least "
            "one case of every class first."
        )


def _batches(
    items: Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> Iterator[list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]]:
    batch: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]] = []
    for item in items:
        if batch and (len(batch) == _BATCH or item[0].shape != batch[0][0].shape):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _mix(first: PixelSet, second: PixelSet, share: float) -> PixelSet:
    """Join two sets so that the second carries `share` of the whole weight."""
    parts = [(first, 1 - share), (second, share)]
    kept = [
        PixelSet(pixels.features, pixels.labels, pixels.weights * (part / pixels.weights.sum()))
        for pixels, part in parts
        if part > 0 and len(pixels)
    ]
    return PixelSet(
        np.concatenate([pixels.features for pixels in kept]),
        np.concatenate([pixels.labels for pixels in kept]),
        np.concatenate([pixels.weights for pixels in kept]),
    )
