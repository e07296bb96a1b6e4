"""The problem of revising a U-Net: a vector of trained parameters, and mini-batches of whole images.

Nothing of the model in use is here but that vector. The network around it comes from the public start, so no running
statistic, no buffer and no optimiser state can carry over what labels taught; see `models.normalisation`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_unlearn.errors import UserError
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.joint_batch import joint_batch, joint_gradient, own_part
from napari_unlearn.models.normalisation import BATCH, full_batch, recompute_statistics, use_batch_statistics
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.ranks import ranks
from napari_unlearn.models.unet import Unet
from napari_unlearn.models.unet_training import UnetFit, UnetRecipe, segmentation_loss
from napari_unlearn.models.unet_weights import named_weights, weights_of, with_weights
from napari_unlearn.operators.image_batches import LabelledImages
from napari_unlearn.operators.protocol import FloatArray, Learned

_LARGEST_CHECK = 64
_STATISTICS = 200


@dataclass(frozen=True, eq=False)
class UnetProblem:
    """A `Problem` whose weights are the trained part of a U-Net.

    Attributes
    ----------
    network : Unet
        Architecture, and the encoder where that is frozen; its trained part is never read.
    start : ndarray of float64, shape (d,), or None
        The public start; None where the public encoder that a whole network started from is not at hand.
    original : ndarray of float64, shape (d,)
        The trained part of the model in use.
    classes : int
        K + 1.
    retain : LabelledImages
        See `Problem.retain`.
    forget : LabelledImages
        See `Problem.forget`.
    refined : LabelledImages
        The refined cases of the retain set, for `retain_dice`.
    images : tuple of Tensor of uint8, shape (3, h, w)
        Training images, from which normalisation statistics are computed; without labels.
    steps : int
        Steps of one round: so many that a round shows as many refined and composed images as there are refined cases.
    recipe : UnetRecipe
        How it learns.
    """

    network: Unet
    start: FloatArray | None
    original: FloatArray
    classes: int
    retain: LabelledImages
    forget: LabelledImages
    refined: LabelledImages
    images: tuple[Tensor, ...]
    steps: int
    recipe: UnetRecipe = field(default_factory=UnetRecipe)

    def __post_init__(self) -> None:
        use_batch_statistics(self.network)

    @property
    def public(self) -> FloatArray:
        """A decoder of random weights, and the public encoder where that is trained.

        Raises
        ------
        UserError
            The public encoder is not at hand.
        """
        if self.start is None:
            raise UserError(
                "The public encoder that this model started from is not at hand, but this operator begins there; name "
                "it with --public-encoder."
            )
        return self.start

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """See `Problem.scores`; trained layers normalise with the statistics of the batch, and nothing is left out.

        Parameters
        ----------
        weights : Tensor, shape (d,)
            Rounded to float32 for the network.
        inputs : Tensor of float32, shape (N, 3, h, w)
            From 0 to 1; at least two images.

        Returns
        -------
        Tensor of float32, shape (N, K + 1, h, w)
            On the device of `weights`.
        """
        named = named_weights(self.network, weights)
        with ranks().rounding():
            scores = torch.func.functional_call(
                self.network, cast(dict[str, Any], named), inputs.to(self.network.device)
            )
        return cast(Tensor, scores).to(weights.device, torch.float32)

    def loss_and_gradient(self, weights: FloatArray, rng: np.random.Generator) -> tuple[float, FloatArray]:
        """See `Problem.loss_and_gradient`; of one mini-batch, with no regulariser.

        Several processes each show the network a part of the batch; the gradient is that of the whole, so that whoever
        clips it clips what one process would have found.
        """
        leaf = torch.from_numpy(weights).float().requires_grad_()
        images, labels = own_part(*self.retain.draw(1, rng))
        with joint_batch():
            loss = segmentation_loss(self.scores(leaf, images), labels)
            (gradient,) = torch.autograd.grad(loss, leaf)
        return float(loss.detach()), joint_gradient(gradient).double().numpy()

    def learn(
        self, start: FloatArray, rounds: int, rng: np.random.Generator, tolerance: float = 1e-9
    ) -> Iterator[Learned]:
        """See `Problem.learn`; AdamW as in training, from no memory of earlier steps."""
        images, labels = self.retain.draw(1, rng)
        with torch.no_grad():
            loss = segmentation_loss(self.scores(torch.from_numpy(start), images), labels)
        yield Learned(start, float(loss), None)
        if not rounds:
            return
        network = with_weights(self.network, start)
        fit = UnetFit(network, self.recipe, rounds * self.steps)
        for _ in range(rounds):
            losses = [fit.step(*self.retain.draw(1, rng), rng) for _ in range(self.steps)]
            yield Learned(weights_of(network), float(np.mean(losses)), None)

    @torch.no_grad()
    def retain_dice(self, weights: FloatArray) -> float:
        """See `Problem.retain_dice`; over at most 64 refined cases, normalised in batches."""
        vector = torch.from_numpy(weights)
        both = total = 0
        for images, labels in self._some_refined():
            scores = self.scores(vector, torch.stack(full_batch(images)).float() / 255)
            predicted = scores.argmax(1).numpy()[: len(images)] > 0
            known, lesion = labels != IGNORE, (labels > 0) & (labels != IGNORE)
            both += int((predicted & lesion).sum())
            total += int((predicted & known).sum()) + int(lesion.sum())
        return 2 * both / total if total else 1.0

    def revised(self, weights: FloatArray) -> Unet:
        """The network with these weights and statistics of its own, computed from images alone.

        Parameters
        ----------
        weights : ndarray of float64, shape (d,)
            Any.

        Returns
        -------
        Unet
            In evaluation mode, on the device of `network`.
        """
        return recompute_statistics(with_weights(self.network, weights), evenly(self.images, _STATISTICS))

    def _some_refined(self) -> Iterator[tuple[list[Tensor], NDArray[np.uint8]]]:
        chosen = evenly(tuple(zip(self.refined.images, self.refined.labels, strict=True)), _LARGEST_CHECK)
        for shape in sorted({tuple(labels.shape) for _, labels in chosen}):
            members = [entry for entry in chosen if tuple(entry[1].shape) == shape]
            count = images_at_once(BATCH)
            for start in range(0, len(members), count):
                part = members[start : start + count]
                yield [image for image, _ in part], np.stack([labels.numpy() for _, labels in part])


def evenly(items: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Take at most so many items, spread over all of them.

    Parameters
    ----------
    items : tuple
        Any.
    count : int
        At least 1.

    Returns
    -------
    tuple
    """
    return items[:: math.ceil(len(items) / count)] if items else ()
