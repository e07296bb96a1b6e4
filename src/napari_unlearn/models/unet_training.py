"""Fitting a U-Net on labelled images, step by step: what `train` does, and what refitting repeats on fewer labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.data.case import Case
from napari_unlearn.errors import UserError
from napari_unlearn.models.encoder import Encoder
from napari_unlearn.models.images_at_once import images_at_once
from napari_unlearn.models.joint_batch import joint_batch, joint_gradient, joint_sum, own_part
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.ranks import ranks
from napari_unlearn.models.training import FitStep, masked_cases, read_on_grid
from napari_unlearn.models.unet import Unet, public_unet


@dataclass(frozen=True)
class UnetRecipe:
    """How a U-Net is fitted.

    Attributes
    ----------
    passes : int
        How often every case is shown.
    batch : int
        Cases a step; fewer where memory is short.
    rate : float
        Learning rate of the decoder at the start; it falls to zero along half a cosine.
    encoder_rate : float
        The same of the encoder, where it is trained: smaller, since its weights are good already.
    decay : float
        Weight decay.
    """

    passes: int = 40
    batch: int = 8
    rate: float = 2e-3
    encoder_rate: float = 5e-4
    decay: float = 1e-4


def fit_unet(
    cases: Sequence[Case],
    masks: str,
    encoder: Encoder,
    size: int,
    classes: int,
    *,
    frozen: bool,
    recipe: UnetRecipe,
    seed: int,
    device: torch.device,
) -> Iterator[FitStep | Unet]:
    """Fit a U-Net with cross-entropy and soft Dice, in all orientations of every image.

    All images are kept in memory on the working grid, 256 KB a case at 256 pixels.

    Parameters
    ----------
    cases : sequence of Case
        Training cases.
    masks : str
        ``coarse`` or ``fine``; cases without such a mask are left out.
    encoder : Encoder
        Public start; it is copied, not changed.
    size : int
        Long side of the working grid.
    classes : int
        Background included.
    frozen : bool
        Whether only the decoder is fitted.
    recipe : UnetRecipe
        Numbers of the fit.
    seed : int
        Of the decoder's first weights, the order of the cases and their orientations.
    device : torch.device
        Where it is fitted.

    Yields
    ------
    FitStep or Unet
        After every step, with the mean loss of a pass after its last; the network comes last, in evaluation mode on
        the CPU.

    Raises
    ------
    UserError
        No case has such a mask, or the fit left the numbers.
    """
    cases = masked_cases(cases, masks)
    drawn = []
    for done, case in enumerate(cases):
        yield FitStep(done, 0, f"Reading image {done + 1} of {len(cases)}")
        image, mask = read_on_grid(case, masks, size)
        drawn.append((image, torch.from_numpy(mask.copy())))
    rng = np.random.default_rng(seed)
    network = public_unet(encoder, classes, frozen, seed).to(device)
    shapes = [tuple(mask.shape) for _, mask in drawn]
    batch_size = images_at_once(recipe.batch)
    total = recipe.passes * len(batches(shapes, batch_size, rng))
    fit = UnetFit(network, recipe, total)
    message = "Fitting the decoder" if frozen else "Fitting encoder and decoder"
    done = 0
    for _ in range(recipe.passes):
        losses: list[float] = []
        order = batches(shapes, batch_size, rng)
        for batch in order:
            losses.append(fit.step(*oriented([drawn[i] for i in batch], rng), rng))
            if not math.isfinite(losses[-1]):
                raise UserError("The fit ended in numbers that are not finite; train on another encoder or seed.")
            done += 1
            yield FitStep(done, total, message, float(np.mean(losses)) if len(losses) == len(order) else None)
    yield network.eval().cpu()


class UnetFit:
    """Steps of AdamW whose rate falls to zero along half a cosine; it starts with no memory of earlier steps.

    Parameters
    ----------
    network : Unet
        It is changed by every step.
    recipe : UnetRecipe
        Rates and decay.
    total : int
        Steps until the rate is zero.
    """

    def __init__(self, network: Unet, recipe: UnetRecipe, total: int) -> None:
        layers = network.layers
        groups = [{"params": [*layers.decoder.parameters(), *layers.segmentation_head.parameters()], "lr": recipe.rate}]
        if not network.frozen:
            groups.append({"params": list(layers.encoder.parameters()), "lr": recipe.encoder_rate})
        self._network = network
        self._optimiser = torch.optim.AdamW(groups, weight_decay=recipe.decay)
        self._falling = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda step: (1 + math.cos(math.pi * min(1, step / total))) / 2
        )

    def step(self, images: Tensor, labels: Tensor, rng: np.random.Generator) -> float:
        """Take one step; several processes each show the network a part of the images.

        Parameters
        ----------
        images : Tensor, shape (N, 3, h, w)
            See `Unet.forward`.
        labels : Tensor of int64, shape (N, h, w)
            See `segmentation_loss`.
        rng : numpy.random.Generator
            Draws what drop-out leaves out.

        Returns
        -------
        float
            Loss before the step; one that is not finite changes nothing.
        """
        device = self._network.device
        # Whoever drives this keeps a random state of his own; drop-out draws from ours.
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(int(rng.integers(2**62)))
            self._network.train()
            images, labels = own_part(images, labels)
            with joint_batch():
                with ranks().rounding():
                    scores = self._network(images.to(device))
                loss = segmentation_loss(scores.float(), labels.to(device))
                self._optimiser.zero_grad()
                torch.autograd.backward(loss)
            self._share_gradients()
        value = float(loss.detach())
        if math.isfinite(value):
            self._optimiser.step()
            self._falling.step()
        return value

    def _share_gradients(self) -> None:
        if ranks().count == 1:
            return
        gradients = [p.grad for group in self._optimiser.param_groups for p in group["params"] if p.grad is not None]
        # One sum instead of hundreds: what takes long is to ask, not to add.
        whole = joint_gradient(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        for gradient, part in zip(gradients, torch.split(whole, [g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))


def segmentation_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy plus one minus the soft Dice of the foreground classes, pooled over the batch.

    Parameters
    ----------
    scores : Tensor of float32, shape (N, K + 1, H, W)
        Class scores.
    labels : Tensor of int64, shape (N, H, W)
        Class ids; `IGNORE` where there is no label, which has no part in it.

    Returns
    -------
    Tensor of float32, shape ()
        Not negative.
    """
    known = labels != IGNORE
    shares = torch.softmax(scores, dim=1) * known[:, None]
    truth = functional.one_hot(torch.where(known, labels, 0), scores.shape[1]).movedim(-1, 1) * known[:, None]
    both, either = joint_sum((shares * truth).sum((0, 2, 3))), joint_sum((shares + truth).sum((0, 2, 3)))
    # The ones keep a class that does not occur in the batch from weighing as much as one that is missed.
    dice = (2 * both + 1) / (either + 1)
    entropy = joint_sum(functional.cross_entropy(scores, labels, ignore_index=IGNORE, reduction="sum"))
    return entropy / joint_sum(known.sum()).clamp(min=1) + 1 - dice[1:].mean()


def batches(shapes: Sequence[tuple[int, ...]], size: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Put cases of one shape together, in random order.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of each case.
    size : int
        Cases a batch at most.
    rng : numpy.random.Generator
        Source of the order.

    Returns
    -------
    list of ndarray of int
        Every case once, in batches of nearly equal size; but the only case of its shape is there twice, because
        normalisation over a batch needs more than one.
    """
    made: list[NDArray[np.intp]] = []
    for shape in sorted(set(shapes)):
        members = rng.permutation([i for i, other in enumerate(shapes) if other == shape])
        if len(members) == 1:
            members = members.repeat(2)
        made.extend(np.array_split(members, math.ceil(len(members) / size)))
    return [made[i] for i in rng.permutation(len(made))]


def oriented(items: Sequence[tuple[Tensor, Tensor]], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Stack cases of one shape, each flipped at random and all of them transposed or not: together every orientation.

    Parameters
    ----------
    items : sequence of tuple of Tensor of uint8
        Image, (3, h, w), and labels, (h, w).
    rng : numpy.random.Generator
        Source of the orientations.

    Returns
    -------
    images : Tensor of uint8, shape (N, 3, h, w) or (N, 3, w, h)
    labels : Tensor of int64, shape (N, h, w) or (N, w, h)
    """
    images, labels = [], []
    for image, mask in items:
        flipped = [axis for axis in (-2, -1) if rng.random() < 0.5]
        images.append(image.flip(flipped))
        labels.append(mask.flip(flipped))
    stacked, ids = torch.stack(images), torch.stack(labels).long()
    return (stacked.mT, ids.mT) if rng.random() < 0.5 else (stacked, ids)
