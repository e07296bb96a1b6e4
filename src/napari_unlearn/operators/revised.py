"""From revised weights to a model that can be applied and saved."""

from __future__ import annotations

import dataclasses

from napari_unlearn.models.head import PixelHead
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.operators.protocol import FloatArray
from napari_unlearn.operators.public_start import PublicStart
from napari_unlearn.operators.unet_problem import UnetProblem


def revised_head(segmenter: HeadSegmenter, weights: FloatArray, cases: int) -> HeadSegmenter:
    """Give a model another head.

    Parameters
    ----------
    segmenter : HeadSegmenter
        The model in use; it is not changed.
    weights : ndarray of float64, shape (K + 1, F + 1)
        The revised head.
    cases : int
        Refined cases.

    Returns
    -------
    HeadSegmenter
    """
    head = PixelHead(weights, segmenter.head.standardiser, segmenter.head.channels)
    return dataclasses.replace(segmenter, card=_card(segmenter.card, cases), head=head)


def revised_unet(
    segmenter: UnetSegmenter,
    problem: UnetProblem,
    weights: FloatArray,
    cases: int,
    start: PublicStart | None,
    exact: bool,
) -> UnetSegmenter:
    """Give a U-Net another trained part, and statistics of its normalisation layers that fit it.

    Parameters
    ----------
    segmenter : UnetSegmenter
        The model in use; nothing but its card is read.
    problem : UnetProblem
        Holds the network without what labels taught it, and the images.
    weights : ndarray of float64, shape (d,)
        The revised trained part.
    cases : int
        Refined cases.
    start : PublicStart or None
        As it was found.
    exact : bool
        Whether the weights come from the public start, so that a trained encoder saw fine masks only.

    Returns
    -------
    UnetSegmenter
    """
    card, encoder = _card(segmenter.card, cases), segmenter.encoder_card
    if card.trainable == "all" and start is not None:
        card = dataclasses.replace(card, public_encoder=start.encoder.weights_hash)
        if exact:
            encoder = start.encoder.card.fitted_on("fine", card.trained_on)
    return UnetSegmenter(card, encoder, problem.revised(weights))


def _card(card: ModelCard, cases: int) -> ModelCard:
    # What is revised is no longer the head of the training that the card tells of.
    return dataclasses.replace(card, masks="unlearned", cases=cases, bounded=None)
