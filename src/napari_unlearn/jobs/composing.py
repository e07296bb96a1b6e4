"""Two models that are being merged: whether they fit, what can be made of them, and what it learns from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.jobs.run_folder import MODEL
from napari_unlearn.models.checkpoint import load_segmenter
from napari_unlearn.models.device import find_device
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.models.unet_weights import part_of, weights_of
from napari_unlearn.operators.collect import collect
from napari_unlearn.operators.collect_unet import collect_unet
from napari_unlearn.operators.composition import Candidate, exchanges, interpolations
from napari_unlearn.operators.protocol import FloatArray, Learned, Step
from napari_unlearn.operators.public_start import PublicStart, public_start
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.revised import revised_head, revised_unet
from napari_unlearn.operators.settings import Settings
from napari_unlearn.operators.unet_problem import UnetProblem
from napari_unlearn.operators.withdrawal import still_given
from napari_unlearn.privacy.certificate import Certificate

if TYPE_CHECKING:
    from napari_unlearn.jobs.compose import ComposeRequest

Model = HeadSegmenter | UnetSegmenter


@dataclass(frozen=True, eq=False)
class Composing:
    """Two models and the data of both runs.

    Attributes
    ----------
    first, second : HeadSegmenter or UnetSegmenter
        They fit each other.
    collected : Collected
        With a problem for fine-tuning and for statistics.
    start : PublicStart or None
        Of a U-Net, where it was found.
    seed : int
        Of the draws of the fine-tuning.
    """

    first: Model
    second: Model
    collected: Collected
    start: PublicStart | None
    seed: int

    @property
    def public_encoder(self) -> dict[str, str]:
        """Its digest, for the certificate; empty where it is not at hand."""
        if isinstance(self.first, HeadSegmenter):
            return {"public_encoder": self.first.encoder.weights_hash}
        return {} if self.start is None else {"public_encoder": self.start.encoder.weights_hash}

    def weights_of(self, segmenter: Model) -> FloatArray:
        """What labels touched, as one array.

        Parameters
        ----------
        segmenter : HeadSegmenter or UnetSegmenter
            Any of the kind of both.

        Returns
        -------
        ndarray of float64
        """
        return segmenter.head.weights if isinstance(segmenter, HeadSegmenter) else weights_of(segmenter.network)

    def candidates(self, method: str) -> list[Candidate]:
        """Ways to merge them.

        Parameters
        ----------
        method : str
            One of `jobs.compose.METHODS`.

        Returns
        -------
        list of Candidate

        Raises
        ------
        UserError
            There is nothing to exchange.
        """
        ends = self.weights_of(self.first), self.weights_of(self.second)
        made = [] if method == "exchange" else interpolations(*ends)
        if isinstance(self.first, UnetSegmenter) and self.first.network.frozen:
            if method != "interpolate":
                made += exchanges(*ends, part_of(self.first.network, "segmentation_head"))
        elif method == "exchange":
            raise UserError(
                "Only U-Nets on the same frozen encoder have parts that can be exchanged; a head is a single layer, "
                "and a wholly trained network fits no other encoder; choose the method interpolate."
            )
        return made

    def segmenter(self, weights: FloatArray) -> Model:
        """The model with these weights.

        Parameters
        ----------
        weights : ndarray of float64
            From a candidate, or fine-tuned.

        Returns
        -------
        HeadSegmenter or UnetSegmenter
        """
        if isinstance(self.first, HeadSegmenter):
            return revised_head(self.first, weights, self.collected.refined)
        assert isinstance(self.collected.problem, UnetProblem)
        return revised_unet(self.first, self.collected.problem, weights, self.collected.refined, self.start, False)

    def finetuned(self, weights: FloatArray, rounds: int) -> Iterator[Learned]:
        """Learn from what may be kept; post-processing, so it costs no budget.

        Parameters
        ----------
        weights : ndarray of float64
            Where it starts.
        rounds : int
            See `Problem.learn`; 0 to leave it out.

        Yields
        ------
        Learned
        """
        if rounds:
            yield from self.collected.problem.learn(weights, rounds, np.random.default_rng(self.seed))


def compose(
    request: ComposeRequest, records: Sequence[Certificate], cases: Sequence[Case]
) -> Iterator[Step | Composing]:
    """Load two models, check that they fit, and collect their data.

    Parameters
    ----------
    request : ComposeRequest
        Which ones.
    records : sequence of Certificate
        Of both runs.
    cases : sequence of Case
        Training cases.

    Yields
    ------
    Step or Composing
        `Composing` comes last.

    Raises
    ------
    UserError
        The models do not fit each other or the data set.
    """
    yield Step(0, 0, "Loading both models")
    device = find_device(request.device)
    first, second = (load_segmenter(folder / MODEL, device) for folder in (request.first, request.second))
    if difference := _difference(first, second):
        raise UserError(f"{request.first} and {request.second} cannot be composed: {difference}.")
    # What either may no longer learn from, what is made of both may not either.
    gone = tuple(sorted({*first.card.withdrawn, *second.card.withdrawn}))
    first.card, cases = dataclasses.replace(first.card, withdrawn=gone), still_given(cases, gone)
    # Corrected pixels may teach only what both runs let them teach.
    settings = Settings(corrected=int(min(record.parameters.get("corrected", 1) for record in records)))
    if not request.finetune:
        settings = dataclasses.replace(settings, background_weight=0.0)
    rng = np.random.default_rng(request.seed)
    start = None
    if isinstance(first, HeadSegmenter):
        collecting = collect(first, cases, settings, 0, rng)
    else:
        start = public_start(first, request.public_encoder, request.seed)
        collecting = collect_unet(first, None if start is None else start.network, cases, settings, 0, rng)
    for item in collecting:
        yield Composing(first, second, item, start, request.seed) if isinstance(item, Collected) else item


def _difference(first: Any, second: Any) -> str | None:
    if type(first) is not type(second) or first.card.trainable != second.card.trainable:
        return "one is of another kind than the other"
    if (first.card.classes, first.card.size) != (second.card.classes, second.card.size):
        return "they differ in their classes or in the size of the images they work on"
    if isinstance(first, HeadSegmenter):
        if first.encoder.weights_hash != second.encoder.weights_hash:
            return "their encoders differ, so that their heads look at different features"
        scales = [(model.head.standardiser.mean, model.head.standardiser.std) for model in (first, second)]
        if not all(np.array_equal(one, other) for one, other in zip(*scales, strict=True)):
            return "their features are scaled differently, so that their heads cannot be mixed"
        return None
    if first.encoder_card.name != second.encoder_card.name:
        return "their encoders have different architectures"
    one, other = (model.network.layers.encoder.state_dict() for model in (first, second))
    if first.network.frozen and not all(torch.equal(value, other[name]) for name, value in one.items()):
        return "their frozen encoders differ, so that their decoders look at different features"
    return None
