"""Tier 4. Bounded two-weight NegGrad for pixels: numbers only, never an (epsilon, delta).

L = mean over retain of CE(kept label) + flip * mean over forget of CE(fine label)
    - ascent * mean over forget of min(CE(coarse label), bound).

Unbounded ascent blows the scores up, hence the bound; flip = 1, ascent = 0 is fine-tuning on the corrected masks;
ascent = w corresponds to a mixing weight 1 / (1 + w) in NegGrad+ (Kurmanji et al. 2023). Means are over pixels of each
set, so the weights do not depend on how large the artefacts are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.operators.protocol import Budget, HeadProblem, Revision, Step
from napari_unlearn.operators.settings import NegGradSegSettings, Settings
from napari_unlearn.privacy.noise import NoiseSource

_CHECK_EVERY = 20
_LARGEST_DROP = 0.01  # of retain Dice: one point


@dataclass(frozen=True)
class NegGradSeg:
    """Adam on the bounded loss; stops, with the last good head, when the retain set suffers."""

    def steps(
        self, problem: HeadProblem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, NegGradSegSettings)
        weights = torch.from_numpy(problem.original.copy()).float().requires_grad_()
        adam = torch.optim.Adam([weights], lr=settings.learning_rate)
        retain, forget = _Batches(problem.retain, rng), _Batches(problem.forget, rng)
        best = good = retain_dice(problem.retain, problem.original)
        kept = problem.original
        for t in range(settings.steps):
            adam.zero_grad()
            loss = bounded_loss(weights, retain.draw(settings.batch), forget.draw(settings.batch), settings)
            loss = loss + 0.5 * settings.strength * weights.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            metrics = {"loss": float(loss.detach())}
            if (t + 1) % _CHECK_EVERY == 0 or t + 1 == settings.steps:
                current = weights.detach().double().numpy().copy()
                good = metrics["retain_dice"] = retain_dice(problem.retain, current)
                if good < best - _LARGEST_DROP or not np.isfinite(current).all():
                    yield Step(settings.steps, settings.steps, "Stopped: the retained pixels began to suffer", metrics)
                    break
                best, kept = max(best, good), current
            yield Step(t + 1, settings.steps, "Pushing the forgotten labels away", metrics)
        yield Revision(kept)


def bounded_loss(
    weights: Tensor, retain: tuple[Tensor, Tensor], forget: tuple[Tensor, Tensor], settings: NegGradSegSettings
) -> Tensor:
    """The loss of the module docstring for one batch of each set.

    Parameters
    ----------
    weights : Tensor of float32, shape (K + 1, F + 1)
        The head.
    retain, forget : tuple of Tensor
        Features (n, F + 1) and labels (n,): kept labels, and coarse labels to forget; an empty forget set adds nothing.
    settings : NegGradSegSettings
        Weights and bound.

    Returns
    -------
    Tensor
        Scalar.
    """
    loss = functional.cross_entropy(retain[0] @ weights.T, retain[1])
    features, coarse = forget
    if len(coarse):
        logits = features @ weights.T
        loss = loss + settings.flip_weight * functional.cross_entropy(logits, torch.zeros_like(coarse))
        pushed = functional.cross_entropy(logits, coarse, reduction="none").clamp(max=settings.bound)
        loss = loss - settings.ascent_weight * pushed.mean()
    return loss


def retain_dice(pixels: PixelSet, weights: np.ndarray) -> float:
    """Dice of foreground against background over weighted pixels.

    Parameters
    ----------
    pixels : PixelSet
        Retain pixels.
    weights : ndarray of float64, shape (K + 1, F + 1)
        A head.

    Returns
    -------
    float
        1 where neither has any foreground.
    """
    predicted = (pixels.features @ weights.T.astype(np.float32)).argmax(axis=1) > 0
    true = pixels.labels > 0
    total = float(pixels.weights[predicted].sum() + pixels.weights[true].sum())
    return 2 * float(pixels.weights[predicted & true].sum()) / total if total else 1.0


class _Batches:
    """Draws pixels with the probability of their weight, so that a plain mean estimates the weighted one."""

    def __init__(self, pixels: PixelSet, rng: np.random.Generator) -> None:
        self._pixels, self._rng = pixels, rng
        self._cumulative = np.cumsum(pixels.weights)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        if not len(self._pixels):
            return torch.empty(0, self._pixels.features.shape[1]), torch.empty(0, dtype=torch.int64)
        rows = np.searchsorted(self._cumulative, self._rng.random(count) * self._cumulative[-1], side="right")
        rows = np.minimum(rows, len(self._pixels) - 1)
        return torch.from_numpy(self._pixels.features[rows]), torch.from_numpy(self._pixels.labels[rows])


operator = NegGradSeg()
