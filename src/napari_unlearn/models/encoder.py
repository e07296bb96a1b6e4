"""The public encoder: weights that no mask label of the data set ever touched, frozen for good.

An encoder is a convolutional backbone of segmentation-models-pytorch plus a card that says where its weights come from.
It is kept in evaluation mode with gradients off, so that batch-norm statistics stay public too.
"""

from __future__ import annotations

import dataclasses
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from napari_unlearn.errors import UserError
from napari_unlearn.files import atomic_write, parse_json, sha256_bytes
from napari_unlearn.models.ranks import ranks

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
DEFAULT_IMAGENET = "mobilenet_v2"
_HUB = "huggingface.co"


@dataclass(frozen=True)
class EncoderCard:
    """Where an encoder comes from.

    Attributes
    ----------
    name : str
        Architecture, as segmentation-models-pytorch names it.
    trained_on : str
        What the weights were fitted on, in one sentence.
    public : bool
        True when no mask label of the data set in use touched the weights; exact and certified tiers need it.
    mean, std : tuple of float
        Colour normalisation per channel, on the 0-1 scale.
    """

    name: str
    trained_on: str
    public: bool
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EncoderCard:
        """Card from what JSON holds of it.

        Raises
        ------
        TypeError, ValueError
            A field is missing, unknown or malformed.
        """
        card = cls(**values)
        (red, green, blue), (red_std, green_std, blue_std) = card.mean, card.std
        kinds = {"name": str, "trained_on": str, "public": bool}
        if not all(isinstance(values.get(name), kind) for name, kind in kinds.items()):
            raise TypeError("The card of an encoder needs a name, an origin, and whether it is public.")
        if not np.isfinite((*card.mean, *card.std)).all() or min(card.std) <= 0:
            raise ValueError("The colours of an encoder need finite means and positive spreads.")
        return dataclasses.replace(card, mean=(red, green, blue), std=(red_std, green_std, blue_std))

    def fitted_on(self, masks: str, dataset: str) -> EncoderCard:
        """Card of the same encoder after mask labels touched it: no longer public.

        Parameters
        ----------
        masks : str
            ``coarse`` or ``fine``.
        dataset : str
            Name of the data set.

        Returns
        -------
        EncoderCard
        """
        return dataclasses.replace(
            self, public=False, trained_on=f"{self.trained_on} and the {masks} masks of {dataset}"
        )


class Encoder(nn.Module):
    """A frozen backbone that turns an image into maps at strides 1, 2, 4, ... 32.

    Parameters
    ----------
    card : EncoderCard
        Architecture and provenance.
    weights : dict of str to Tensor
        State of the backbone.

    Raises
    ------
    UserError
        The architecture is unknown or the weights do not fit it.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, card: EncoderCard, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.card = card
        self.backbone = _backbone(card.name, None)
        try:
            # Rounded as the file holds them, so that an encoder and its reloaded copy agree to the last bit.
            self.backbone.load_state_dict({k: _stored(v).to(v.dtype) for k, v in weights.items()})
        except RuntimeError as error:
            raise UserError(
                f"The encoder's weights do not fit the architecture {card.name}; use the encoder it was saved from."
            ) from error
        self.backbone.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(card.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(card.std).view(1, 3, 1, 1), persistent=False)
        self.to(memory_format=torch.channels_last)
        self.eval()
        self.weights_hash = sha256_bytes(self._bytes())

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of each map, from stride 1 (the normalised colours themselves) to stride 32."""
        return tuple(self.backbone.out_channels)

    def train(self, mode: bool = True) -> Encoder:
        """Stay in evaluation mode, whatever is asked: a frozen encoder's statistics are frozen as well."""
        return super().train(False)

    @torch.inference_mode()
    def forward(self, images: Tensor) -> list[Tensor]:
        """Compute the maps.

        Parameters
        ----------
        images : Tensor of uint8, shape (N, 3, H, W)
            RGB images; H and W are multiples of 32.

        Returns
        -------
        list of Tensor, shape (N, C_l, H / 2**l, W / 2**l)
            One map a level, float32, or bfloat16 where networks calculate in it.
        """
        # In place: new memory of this size costs more than the arithmetic.
        x = (images / 255).sub_(self.mean).div_(self.std)
        with ranks().rounding():
            return list(self.backbone(x.contiguous(memory_format=torch.channels_last)))

    def save(self, path: Path) -> None:
        """Write weights and card as one safetensors file, kernels in float16 to keep it small.

        Parameters
        ----------
        path : Path
            Destination, whole or not at all.
        """
        atomic_write(path, self._bytes())

    def stored_state(self) -> dict[str, Tensor]:
        """Weights as files hold them: kernels in float16, everything else as it is."""
        return {k: _stored(v).cpu().contiguous() for k, v in self.backbone.state_dict().items()}

    def _bytes(self) -> bytes:
        return save(
            self.stored_state(), metadata={"encoder": json.dumps(dataclasses.asdict(self.card), sort_keys=True)}
        )


def load_encoder(path: Path) -> Encoder:
    """Read an encoder file written by `Encoder.save`.

    Parameters
    ----------
    path : Path
        A safetensors file; nothing in it is executed.

    Returns
    -------
    Encoder
        Frozen.

    Raises
    ------
    UserError
        The file is missing, damaged or not an encoder.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            metadata = stream.metadata() or {}
        card = EncoderCard.from_dict(parse_json(metadata["encoder"]))
        weights = {k: v.float() if v.is_floating_point() else v for k, v in load_file(path).items()}
    except FileNotFoundError as error:
        raise UserError(f"There is no encoder file {path}; check the path.") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is not an encoder saved by napari-unlearn; choose another file.") from error
    try:
        return Encoder(card, weights)
    except UserError as error:
        raise UserError(f"{path} cannot be used. {error}") from error


def imagenet_encoder(name: str) -> Encoder:
    """Download an ImageNet encoder (kept afterwards in the usual cache of the hub's client).

    Parameters
    ----------
    name : str
        Any encoder of segmentation-models-pytorch that has ImageNet weights.

    Returns
    -------
    Encoder
        Frozen.

    Raises
    ------
    UserError
        The name is unknown, or the weights cannot be had.
    """
    import segmentation_models_pytorch as smp

    backbone = _backbone(name, None)
    try:
        _require_hub()
        backbone = _backbone(name, "imagenet")
        params = smp.encoders.get_preprocessing_params(name, "imagenet")
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"The ImageNet weights of {name} cannot be downloaded from here; go online, or give --encoder a file "
            "or the word 'shipped'."
        ) from error
    card = EncoderCard(name, "ImageNet-1k classification", True, tuple(params["mean"]), tuple(params["std"]))
    return Encoder(card, backbone.state_dict())


def shipped_encoder() -> Encoder:
    """Load the encoder inside this package: drawn images only, no mask label of any data set that `sample` writes."""
    from napari_unlearn.data.sample import sample_folder

    return load_encoder(sample_folder() / "encoder.safetensors")


def find_encoder(wish: str) -> Encoder:
    """Turn what a user asked for into an encoder.

    Parameters
    ----------
    wish : str
        A file, ``shipped``, the name of an architecture (ImageNet weights), or ``auto``: ImageNet where the hub can be
        reached, the shipped one otherwise. What was taken is recorded in `Encoder.card`.

    Returns
    -------
    Encoder
        Frozen.

    Raises
    ------
    UserError
        There is no such encoder.
    """
    if wish == "auto":
        try:
            _require_hub()
        except OSError:
            return shipped_encoder()
        return imagenet_encoder(DEFAULT_IMAGENET)
    if wish == "shipped":
        return shipped_encoder()
    if Path(wish).suffix == ".safetensors" or Path(wish).is_file():
        return load_encoder(Path(wish))
    return imagenet_encoder(wish)


@contextmanager
def known_architecture(name: str) -> Iterator[None]:
    """Turn the many ways in which an unknown architecture fails to be built into one sentence.

    Parameters
    ----------
    name : str
        Encoder that is built in the block.

    Raises
    ------
    UserError
        There is no such encoder.
    """
    unknown = (
        f"There is no encoder file or architecture '{name}'; segmentation-models-pytorch lists the names it knows."
    )
    # timm takes names with a colon or a slash for places to fetch a description from.
    if not re.fullmatch(r"[\w.-]+", name):
        raise UserError(unknown)
    try:
        yield
    except KeyError as error:
        raise UserError(unknown) from error
    except RuntimeError as error:
        if "Unknown model" not in str(error):
            raise
        raise UserError(unknown) from error


def _backbone(name: str, weights: str | None) -> Any:
    import segmentation_models_pytorch as smp

    with known_architecture(name):
        return smp.encoders.get_encoder(name, weights=weights)


def _stored(value: Tensor) -> Tensor:
    return value.half() if value.is_floating_point() and value.ndim > 1 else value


def _require_hub() -> None:
    # The hub's client retries for half a minute when there is no network; a name look-up answers at once.
    socket.getaddrinfo(_HUB, 443)
