"""What a guarantee about a U-Net needs of the model in use and of its public start."""

from __future__ import annotations

from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.models.unet_weights import trained_parameters
from napari_unlearn.operators.public_start import PublicStart
from napari_unlearn.privacy.certificate import Assumption


def unet_assumptions(segmenter: UnetSegmenter, start: PublicStart | None) -> list[Assumption]:
    """Check them before any work is done.

    Parameters
    ----------
    segmenter : UnetSegmenter
        The model in use.
    start : PublicStart or None
        None where the public encoder is not at hand.

    Returns
    -------
    list of Assumption
    """
    if start is None:
        return [
            Assumption(
                "Learning can begin at an encoder that no mask label of this data set ever touched.",
                "The model was trained as a whole, and the public encoder that it started from is not at hand.",
                False,
            )
        ]
    card = start.encoder.card
    public = Assumption(
        "No mask label of this data set ever touched the public encoder.",
        f"The encoder's card says that it was trained on: {card.trained_on}. Its SHA-256 is "
        f"{start.encoder.weights_hash}.",
        card.public,
    )
    return [public, *_reach(segmenter, start), *_leftovers(segmenter, start)]


def _reach(segmenter: UnetSegmenter, start: PublicStart) -> list[Assumption]:
    network = segmenter.network
    missing = {name for name, _ in network.named_parameters()} - trained_parameters(network).keys()
    if segmenter.card.trainable == "all":
        return [
            Assumption(
                "Every parameter that labels touched is revised.",
                f"The model was trained as a whole, and {len(missing)} of its parameters are left out; scale and shift "
                "of normalisation layers are among those revised.",
                not missing,
            )
        ]
    outside = sorted(name for name in missing if not name.startswith("layers.encoder."))
    return [
        Assumption(
            "Every parameter that labels touched is revised.",
            f"The model's card says that its {segmenter.card.trainable} was trained, and {len(outside)} parameters "
            "outside the encoder are left out; scale and shift of normalisation layers are among those revised.",
            segmenter.card.trainable == "decoder" and not outside,
        ),
        Assumption(
            "The encoder's weights and normalisation statistics cannot move while the operator works.",
            "No weight of the encoder has a gradient, it stays in evaluation mode, and the model in use holds the "
            "public one unaltered."
            if start.unaltered
            else "The encoder in the model is not the rounded one that training puts there, so it was altered since.",
            network.frozen and start.unaltered,
        ),
    ]


def _leftovers(segmenter: UnetSegmenter, start: PublicStart) -> list[Assumption]:
    where = "all" if segmenter.card.trainable == "all" else "the decoder's"
    return [
        Assumption(
            "Normalisation statistics carry over nothing of what labels taught the model before.",
            f"Steps used the statistics of each batch; after the last change to the weights {where} running statistics "
            "were computed anew from training images with the new weights. Images of cases that stay are "
            "public here, and no label was used.",
            True,
        ),
        Assumption(
            "The public start is a matter of record.",
            f"Weights that training makes new were drawn with seed {start.seed}, before any label was read; no state "
            "of an optimiser was carried over.",
            True,
        ),
    ]
