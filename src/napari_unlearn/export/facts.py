"""What a stranger has to know to use an exported model, as `export.json` says it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from napari_unlearn.models.grid import STRIDE
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import DECODER_CHANNELS, UnetSegmenter
from napari_unlearn.privacy.certificate import Certificate

NAME = "export.json"
GRAPHS = ("onnx", "torch", "bioimageio")
"""Formats that hold the normalisation inside the network."""


def facts_of(
    segmenter: HeadSegmenter | UnetSegmenter, form: str, weights_sha256: str, certificate: Certificate | None
) -> dict[str, Any]:
    """Describe a model and how it is used, without saying where it lay or whose images it saw.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model.
    form : str
        Name of the format.
    weights_sha256 : str
        Of the weights file that it was exported from, as certificates quote it.
    certificate : Certificate or None
        Of the run, where there is one.

    Returns
    -------
    dict
        What JSON can hold.
    """
    card = segmenter.card
    encoder = segmenter.encoder.card if isinstance(segmenter, HeadSegmenter) else segmenter.encoder_card
    inside = form in GRAPHS
    return {
        "format": form,
        "made_with": f"napari-unlearn {version('napari-unlearn')}",
        "model": {
            **architecture(segmenter),
            "classes": list(card.classes),
            "positive": card.classes[card.positive],
            "weights_sha256": weights_sha256,
            "tier": None if certificate is None else certificate.tier,
        },
        "input": {
            "name": "image",
            "layout": "NCHW",
            "channels": "RGB",
            "dtype": "uint8" if inside else "float32",
            "orientation": "Row 0 is the top, column 0 the left, after the orientation that the camera noted (EXIF).",
            "long_side": card.size,
            "multiple_of": STRIDE,
            "size": "The long side becomes long_side, the other keeps the aspect; both are rounded to multiple_of.",
            "resampling": "bicubic",
            "mean": list(encoder.mean),
            "std": list(encoder.std),
            "normalisation": f"(value / 255 - mean) / std, {'inside' if inside else 'before'} the network",
        },
        "output": {
            "name": "scores",
            "layout": "NCHW, one channel a class, on the grid of the input",
            "dtype": "float32",
            "meaning": "Class scores before the softmax; the mask is the class of the largest score, after bilinear "
            "interpolation to the size of the image.",
        },
    }


def architecture(segmenter: HeadSegmenter | UnetSegmenter) -> dict[str, Any]:
    """Class of the network and the arguments that make it.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model.

    Returns
    -------
    dict
        ``class``, of segmentation-models-pytorch or of ``pixel_head.py``, and ``arguments``.
    """
    classes = len(segmenter.card.classes)
    if isinstance(segmenter, HeadSegmenter):
        return {"class": "PixelHead", "arguments": {"encoder_name": segmenter.encoder.card.name, "classes": classes}}
    return {
        "class": "Unet",
        "arguments": {
            "encoder_name": segmenter.encoder_card.name,
            "encoder_weights": None,
            "decoder_channels": list(DECODER_CHANNELS),
            "classes": classes,
        },
    }
