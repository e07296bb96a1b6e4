"""The public start of a U-Net: weights that no mask label of the data set touched, and how they are found again."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder, find_encoder, imagenet_encoder, shipped_encoder
from napari_unlearn.models.unet import Unet, UnetSegmenter, public_unet


@dataclass(frozen=True, eq=False)
class PublicStart:
    """Where training could begin without any label.

    Attributes
    ----------
    encoder : Encoder
        With its card.
    network : Unet
        A copy of that encoder and a decoder of random weights.
    seed : int
        Of the decoder.
    unaltered : bool
        Whether the model in use holds this very encoder, statistics included; False where the encoder was trained.
    """

    encoder: Encoder
    network: Unet
    seed: int
    unaltered: bool


def public_start(segmenter: UnetSegmenter, wish: str | None, seed: int) -> PublicStart | None:
    """Find the public encoder of a U-Net and put a fresh decoder on it.

    Where only the decoder was trained, the encoder is in the model. Where everything was, it is the one that is named,
    or the one whose digest the model's card gives, if it is shipped with the package or can be downloaded.

    Parameters
    ----------
    segmenter : UnetSegmenter
        The model in use.
    wish : str or None
        As in `find_encoder`; None to look for it.
    seed : int
        Of the fresh decoder.

    Returns
    -------
    PublicStart or None
        None if the public encoder of a wholly trained network is not at hand.

    Raises
    ------
    UserError
        The encoder that is named does not fit the model.
    """
    network, card = segmenter.network, segmenter.card
    if card.trainable == "all":
        encoder = _named(segmenter, wish) if wish else _recorded(segmenter)
    elif wish:
        raise UserError(
            "Only a model that was trained as a whole needs a public encoder to be named; leave --public-encoder out."
        )
    else:
        encoder = Encoder(segmenter.encoder_card, network.layers.encoder.state_dict())
    if encoder is None:
        return None
    start = public_unet(encoder, len(card.classes), network.frozen, seed).to(network.device)
    held = network.layers.encoder.state_dict()
    public = start.layers.encoder.state_dict()
    unaltered = card.trainable != "all" and all(torch.equal(value, held[name]) for name, value in public.items())
    return PublicStart(encoder, start, seed, unaltered)


def _named(segmenter: UnetSegmenter, wish: str) -> Encoder:
    encoder, needed = find_encoder(wish), segmenter.encoder_card
    same = (encoder.card.name, encoder.card.mean, encoder.card.std) == (needed.name, needed.mean, needed.std)
    if not same:
        raise UserError(
            f"The encoder {wish} is a {encoder.card.name} and does not fit this model, which has a {needed.name}; name "
            "the encoder that the model was trained from."
        )
    return encoder


def _recorded(segmenter: UnetSegmenter) -> Encoder | None:
    digest, name = segmenter.card.public_encoder, segmenter.encoder_card.name
    if not digest:
        return None
    shipped = shipped_encoder()
    if shipped.weights_hash == digest:
        return shipped
    try:
        published = imagenet_encoder(name)
    except UserError:
        return None
    return published if published.weights_hash == digest else None
