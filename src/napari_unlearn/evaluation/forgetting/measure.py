"""Everything that speaks for or against forgetting, of up to three models on the same pixels.

The forgotten pixels are the dilation artefacts of the refined training cases, with their coarse label. Pixels of the
same kind that no model ever saw come from held-out cases that have both masks. Retained pixels are all others of the
refined training cases, with their fine label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.evaluation.forgetting.calibration import calibration_error
from napari_unlearn.evaluation.forgetting.cka import linear_cka
from napari_unlearn.evaluation.forgetting.distance import prediction_distance, prediction_matrix, weight_distance
from napari_unlearn.evaluation.forgetting.layers import Layers, layers_of
from napari_unlearn.evaluation.forgetting.membership import attack
from napari_unlearn.evaluation.interval import mean_over_cases
from napari_unlearn.masks import split_pixels
from napari_unlearn.models.grid import mask_to_grid
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter

Model = HeadSegmenter | UnetSegmenter
Float = NDArray[np.float64]

MOST_CASES = 200
PIXELS = 200
"""Of each kind from each case: neighbours tell the same."""

_LAYERED = 40
"""Images that layers are compared on, 64 places each."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Pixels of one kind of one case.

    Attributes
    ----------
    labels : ndarray of uint8, shape (n,)
        What the mask in question says.
    probabilities : dict of str to ndarray of float64, shape (n, K + 1)
        By model.
    """

    labels: NDArray[np.uint8]
    probabilities: Mapping[str, Float]

    def of_label(self, model: str) -> Float:
        """Probability that a model gives to the label, shape (n,)."""
        found: Float = self.probabilities[model][np.arange(self.labels.size), self.labels]
        return found

    def agreement(self, model: str) -> float:
        """Share of pixels where a model predicts the label; NaN without pixels."""
        right = self.probabilities[model].argmax(axis=1) == self.labels
        return float(right.mean()) if right.size else float("nan")


def measure_forgetting(
    models: Mapping[str, Model], trained: Sequence[Case], held_out: Sequence[Case], resamples: int = 1000, seed: int = 0
) -> Iterator[str | dict[str, Any]]:
    """Measure models on the same pixels.

    Parameters
    ----------
    models : mapping of str to HeadSegmenter or UnetSegmenter
        ``after``, and ``before`` and ``retrained`` where they are at hand; of the same classes.
    trained : sequence of Case
        Refined training cases, with both masks.
    held_out : sequence of Case
        Cases that no model was trained on, with fine masks.
    resamples, seed : int
        Of the bootstrap over cases, and of the pixels that are looked at.

    Yields
    ------
    str or dict
        The id of each case as it is done; what ``evaluate --json`` prints under ``forgetting`` comes last.
    """
    rng = np.random.default_rng(seed)
    kinds: dict[str, list[Sampled]] = {"forget": [], "retain": [], "unseen": [], "test": []}
    layers: dict[str, list[Layers]] = {name: [] for name in models}
    for cases, of_artefacts, of_others in ((trained, "forget", "retain"), (held_out, "unseen", "test")):
        for place in sorted(rng.permutation(len(cases))[:MOST_CASES]):
            case = cases[place]
            yield case.id
            fine, image = case.fine(), case.image()
            assert fine is not None
            coarse = case.coarse() if case.coarse_path is not None else fine
            fine, coarse = (mask_to_grid(mask, models["after"].card.size) for mask in (fine, coarse))
            artefacts = split_pixels(coarse, fine).forget if (coarse != fine).any() else np.zeros(fine.shape, bool)
            probabilities = {name: _probabilities(model, image, fine.shape) for name, model in models.items()}
            for kind, where, labels in ((of_artefacts, artefacts, coarse), (of_others, ~artefacts, fine)):
                kinds[kind].append(_sample(where, labels, probabilities, rng))
            if of_others == "test" and len(layers["after"]) < _LAYERED:
                for name, model in models.items():
                    layers[name].append(layers_of(model, image))
    yield _summary(models, kinds, layers, resamples, seed)


@torch.inference_mode()
def _probabilities(model: Model, image: NDArray[np.uint8], shape: tuple[int, ...]) -> Float:
    scores = model.logits(image)
    if scores.shape[-2:] != shape:
        scores = functional.interpolate(scores[None], size=shape, mode="bilinear", align_corners=False)[0]
    return torch.softmax(scores.double(), dim=0).numpy()


def _sample(
    where: NDArray[np.bool_], labels: NDArray[np.uint8], probabilities: Mapping[str, Float], rng: np.random.Generator
) -> Sampled:
    pixels = np.flatnonzero(where)
    pixels = rng.permutation(pixels)[:PIXELS]
    return Sampled(
        labels.reshape(-1)[pixels],
        {name: each.reshape(len(each), -1)[:, pixels].T for name, each in probabilities.items()},
    )


def _summary(
    models: Mapping[str, Model],
    kinds: Mapping[str, Sequence[Sampled]],
    layers: Mapping[str, Sequence[Layers]],
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    def mean(values: Sequence[float]) -> dict[str, Any] | None:
        known = np.array(values, np.float64)
        found = mean_over_cases(known[~np.isnan(known)], (0.0, 1.0), resamples, seed)
        return None if found is None else found.to_json()

    by_model: dict[str, Any] = {}
    for name in models:
        seen, unseen = ([each.of_label(name) for each in kinds[kind]] for kind in ("forget", "unseen"))
        found = attack(seen, unseen, seed)
        labels = np.concatenate([each.labels for each in kinds["test"]]) if kinds["test"] else np.zeros(0, np.uint8)
        sure = [each.probabilities[name] for each in kinds["test"]]
        by_model[name] = {
            "forget_agreement": mean([each.agreement(name) for each in kinds["forget"]]),
            "unseen_agreement": mean([each.agreement(name) for each in kinds["unseen"]]),
            "retain_accuracy": mean([each.agreement(name) for each in kinds["retain"]]),
            "test_accuracy": mean([each.agreement(name) for each in kinds["test"]]),
            "calibration_error": calibration_error(np.concatenate(sure), labels) if labels.size else None,
            "membership": None if found is None else asdict(found),
        }
    pairs = (("before", "after"), ("before", "retrained"), ("after", "retrained"))
    return {
        "models": by_model,
        "adaptive_unlearning_score": _adaptive(by_model),
        "pairs": {
            f"{a}-{b}": _pair(models, kinds["test"], layers, (a, b), mean)
            for a, b in pairs
            if a in models and b in models
        },
        "cases": {kind: sum(each.labels.size > 0 for each in sampled) for kind, sampled in kinds.items()},
        "note": _note(kinds),
    }


def _pair(
    models: Mapping[str, Model],
    test: Sequence[Sampled],
    layers: Mapping[str, Sequence[Layers]],
    names: tuple[str, str],
    mean: Any,
) -> dict[str, Any]:
    a, b = names
    apart = [prediction_distance(each.probabilities[a], each.probabilities[b]) for each in test if each.labels.size]
    classes = len(models[a].card.classes)
    matrix = None
    if test:
        first, second = (np.concatenate([each.probabilities[name] for each in test]) for name in names)
        matrix = prediction_matrix(first, second, classes).tolist()
    shared = [name for name in layers[a][0] if name in layers[b][0]] if layers[a] else []
    return {
        "prediction_distance": mean(apart),
        "prediction_matrix": matrix,
        "weight_distance": weight_distance(models[a], models[b]),
        "cka": {
            name: linear_cka(*(np.concatenate([each[name] for each in layers[model]]) for model in names))
            for name in shared
        },
    }


def _adaptive(by_model: Mapping[str, Any]) -> float | None:
    """Little lost on held-out pixels, and forgotten pixels treated like never-seen ones (Cotogni et al., 2023).

    (1 - (accuracy before - accuracy after)) / (1 + |agreement on forgotten - agreement on never-seen pixels|).
    """
    needed = [
        by_model.get(name, {}).get(key)
        for name, key in (
            ("before", "test_accuracy"),
            ("after", "test_accuracy"),
            ("after", "forget_agreement"),
            ("after", "unseen_agreement"),
        )
    ]
    if any(each is None for each in needed):
        return None
    before, after, forget, unseen = (each["value"] for each in needed)
    return float((1 - (before - after)) / (1 + abs(forget - unseen)))


def _note(kinds: Mapping[str, Sequence[Sampled]]) -> str:
    if not any(each.labels.size for each in kinds["forget"]):
        return "No refined training case has a coarse mask that is larger than its fine one: nothing was forgotten."
    if not any(each.labels.size for each in kinds["unseen"]):
        return (
            "No held-out case has both a coarse and a fine mask, so that there are no never-seen pixels to compare the "
            "forgotten ones with."
        )
    return ""
