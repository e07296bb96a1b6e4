"""A model as a folder: `model.safetensors` (numbers) and `model.json` (facts). Loading executes nothing."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from napari_unlearn.data.layouts.settings import MOST_CLASSES
from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_writes, json_bytes, parse_json, sha256_bytes, sha256_file
from napari_unlearn.models.bounded_training import BoundedTraining
from napari_unlearn.models.encoder import Encoder, EncoderCard
from napari_unlearn.models.feature_cache import FeatureCache
from napari_unlearn.models.grid import STRIDE
from napari_unlearn.models.head import PixelHead, Standardiser
from napari_unlearn.models.segmenter import HeadSegmenter, ModelCard
from napari_unlearn.models.unet import Unet, UnetSegmenter

WEIGHTS = "model.safetensors"
CARD = "model.json"
FORMAT = 1
CARD_BYTES = 64 * 2**20
"""Most of a card: a digest of every one of some hundred thousand withdrawn cases."""
LARGEST_GRID = 8192
"""Long side of a working grid in pixels."""
_ENCODER = "encoder."
# The weights of a model that replaces another, until its card is there; see `save_segmenter`.
_NEXT = f".{WEIGHTS}.next"


def save_segmenter(segmenter: HeadSegmenter | UnetSegmenter, folder: Path) -> str:
    """Write a model; one that is there already is replaced as a whole, or stays as it was.

    The new card is what replaces the old model: weights that it names are put in their place before anything else is
    done with the folder, here or, where the program was killed in between, by `load_segmenter`.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model.
    folder : Path
        Destination; made when missing.

    Returns
    -------
    str
        SHA-256 of the weights file, as certificates quote it.

    Raises
    ------
    UserError
        The model holds numbers that are not finite, so that nobody could load it.
    OSError
        The disk is full or the folder cannot be written; what was there is unchanged.
    """
    if isinstance(segmenter, HeadSegmenter):
        kind, encoder, tensors = "head", segmenter.encoder.card, _head_tensors(segmenter)
    else:
        kind, encoder, tensors = "unet", segmenter.encoder_card, segmenter.network.stored_state()
    _check_finite(folder, tensors)
    data = save(tensors)
    digest = sha256_bytes(data)
    facts = {
        "format": FORMAT,
        "kind": kind,
        "model": dataclasses.asdict(segmenter.card),
        "encoder": dataclasses.asdict(encoder),
        "weights_sha256": digest,
    }
    card = json_bytes(facts)
    try:
        atomic_writes(folder, {_NEXT: data, CARD: card})
    except BaseException:
        if not (folder / CARD).is_file() or (folder / CARD).read_bytes() != card:
            (folder / _NEXT).unlink(missing_ok=True)
        raise
    _settle(folder, digest)
    return digest


def load_segmenter(
    folder: Path, device: torch.device | None = None, cache: Path | None = None
) -> HeadSegmenter | UnetSegmenter:
    """Read a model.

    Parameters
    ----------
    folder : Path
        Written by `save_segmenter`.
    device : torch.device or None
        Where the network works; None for the CPU.
    cache : Path or None
        Folder of the feature cache of a head; None for the default.

    Returns
    -------
    HeadSegmenter or UnetSegmenter
        What was saved.

    Raises
    ------
    UserError
        The folder holds no model, or its files were altered or damaged.
    """
    facts = _read_card(folder)
    try:
        _settle(folder, facts["weights_sha256"])
        # Asked before opening, because opening a named pipe waits for ever.
        if not (folder / WEIGHTS).is_file():
            raise FileNotFoundError(2, "no such file", str(folder / WEIGHTS))
        if sha256_file(folder / WEIGHTS) != facts["weights_sha256"]:
            raise UserError(f"{folder / WEIGHTS} was altered or damaged; restore it from where it was exported.")
        tensors = load_file(folder / WEIGHTS)
        _check_finite(folder, tensors)
        _check_sizes(folder, facts["model"])
        card = ModelCard(**facts["model"])
        bounded = facts["model"].get("bounded")
        card = dataclasses.replace(
            card,
            classes=tuple(card.classes),
            bounded=None if bounded is None else BoundedTraining.from_dict(bounded),
            withdrawn=tuple(card.withdrawn),
        )
        positive = facts["model"]["positive"]
        if not isinstance(positive, int) or not 0 <= positive < len(card.classes):
            raise _misfit(folder)
        encoder = EncoderCard.from_dict(facts["encoder"])
        # A card without the word is of a head: there was nothing else to say.
        kind = facts.get("kind", "head")
        if kind == "head":
            return _head(folder, card, encoder, tensors, device, cache)
        if kind == "unet":
            return _unet(folder, card, encoder, tensors, device)
    except UserError as error:
        if str(folder) in str(error):
            raise
        raise UserError(f"{folder} cannot be used. {error}") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder} is not a complete model of napari-unlearn; export or train it again.") from error
    raise UserError(f"{folder / CARD} tells of a kind of model, '{kind}', that this version does not know; update it.")


def _head_tensors(segmenter: HeadSegmenter) -> dict[str, Tensor]:
    head = segmenter.head
    return {
        **{_ENCODER + name: value for name, value in segmenter.encoder.stored_state().items()},
        "head.weights": torch.from_numpy(head.weights).contiguous(),
        "head.mean": torch.from_numpy(head.standardiser.mean).contiguous(),
        "head.std": torch.from_numpy(head.standardiser.std).contiguous(),
    }


def _head(
    folder: Path,
    card: ModelCard,
    encoder_card: EncoderCard,
    tensors: dict[str, Tensor],
    device: torch.device | None,
    cache: Path | None,
) -> HeadSegmenter:
    state = {k.removeprefix(_ENCODER): v for k, v in tensors.items() if k.startswith(_ENCODER)}
    encoder = Encoder(encoder_card, state)
    standardiser = Standardiser(tensors["head.mean"].numpy(), tensors["head.std"].numpy())
    head = PixelHead(tensors["head.weights"].numpy(), standardiser, encoder.channels)
    features = sum(encoder.channels)
    shapes = head.weights.shape, standardiser.mean.shape, standardiser.std.shape
    if shapes != ((len(card.classes), features + 1), (features,), (features,)) or not (standardiser.std > 0).all():
        raise _misfit(folder)
    return HeadSegmenter(card, encoder, head, FeatureCache(encoder, cache, device))


def _unet(
    folder: Path, card: ModelCard, encoder: EncoderCard, tensors: dict[str, Tensor], device: torch.device | None
) -> UnetSegmenter:
    network = Unet(encoder, len(card.classes), frozen=card.trainable != "all")
    try:
        network.layers.load_state_dict(tensors)
    except RuntimeError as error:
        raise _misfit(folder) from error
    return UnetSegmenter(card, encoder, network.to(device))


def _check_sizes(folder: Path, facts: dict[str, Any]) -> None:
    # A model from elsewhere is not to ask for more memory than a computer has, or for classes that no mask can hold.
    size, names = facts["size"], facts["classes"]
    if not isinstance(size, int) or not STRIDE <= size <= LARGEST_GRID:
        raise UserError(
            f"{folder / CARD} gives {str(size)[:20]} pixels as the size of its grid; {STRIDE} to {LARGEST_GRID} are "
            "possible. Export or train the model again."
        )
    if not 2 <= len(names) <= MOST_CLASSES or not all(isinstance(name, str) for name in names):
        raise UserError(f"{folder / CARD} lists {len(names)} classes; name 2 to {MOST_CLASSES} of them.")


def _settle(folder: Path, digest: str) -> None:
    new = folder / _NEXT
    if new.is_file() and not new.is_symlink() and sha256_file(new) == digest:
        with contextlib.suppress(FileNotFoundError):  # somebody else was faster
            new.replace(folder / WEIGHTS)


def _check_finite(folder: Path, tensors: dict[str, Tensor]) -> None:
    # With them every prediction would be background, and nothing would say why.
    wrong = next((name for name, values in tensors.items() if not values.isfinite().all()), None)
    if wrong is not None:
        raise UserError(
            f"{folder / WEIGHTS} holds numbers in {wrong} that are not finite; export or train the model again."
        )


def _misfit(folder: Path) -> UserError:
    return UserError(f"{folder / WEIGHTS} does not fit {CARD} beside it; export or train the model again.")


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    if not path.is_file():
        raise UserError(f"{folder} is not a model folder: it has no {CARD}; choose the folder that has one.")
    if path.stat().st_size > CARD_BYTES:
        raise UserError(
            f"{path} is larger than {CARD_BYTES >> 20} MiB, which no card is; export or train the model again."
        )
    try:
        facts = parse_json(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise UserError(f"{path} cannot be read as JSON; export or train the model again.") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise UserError(
            f"{path} was written by another version of napari-unlearn; export the model again with this one."
        )
    return facts
