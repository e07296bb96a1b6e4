"""Problems small enough to be solved densely."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from napari_unlearn.models.bounded_pixels import ImagePixels, bounded
from napari_unlearn.models.bounded_training import BoundedTraining, NoisySteps, head_digest
from napari_unlearn.models.convex_head import PixelSet
from napari_unlearn.models.head import Standardiser
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.unet_training import segmentation_loss
from napari_unlearn.operators.bounded_images import BoundedImages
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.protocol import Budget, Operator, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy.accountant import ACCOUNTANT
from napari_unlearn.privacy.certificate import Assumption, Certificate, TensorGroup
from napari_unlearn.privacy.mechanisms import MECHANISMS
from napari_unlearn.privacy.noise import OperatingSystemNoise, SeededNoise

FEATURES, CLASSES = 4, 3


@dataclass
class Silence:
    """A source of noise that is zero, and remembers what it was asked for."""

    certifies = False
    description = "none at all, for tests"
    asked: list[tuple[tuple[int, ...], float]] = field(default_factory=list)

    def gaussian(self, shape: tuple[int, ...], sigma: float) -> NDArray[np.float64]:
        self.asked.append((shape, sigma))
        return np.zeros(shape)


@pytest.fixture
def silence() -> Silence:
    return Silence()


class Planned:
    """A source of noise that is known beforehand: the n-th draw is always the same, times sigma."""

    certifies = False
    description = "known beforehand, for tests"

    def __init__(self) -> None:
        self.generator = np.random.default_rng(11)

    def gaussian(self, shape: tuple[int, ...], sigma: float) -> NDArray[np.float64]:
        return sigma * self.generator.normal(size=shape)


@pytest.fixture
def planned() -> Callable[[], Planned]:
    """A function that starts a source of known noise; the reference of a test draws from another one."""
    return Planned


@pytest.fixture(scope="session")
def certify() -> Callable[..., Certificate]:
    """A function that makes the certificate of a revision at delta 1e-5; numbers that are passed replace its own."""

    def make(revision: Revision, epsilon: float = 1.0, **replaced: float) -> Certificate:
        numbers = {**revision.numbers, **replaced}
        digest = 64 * "a"
        return Certificate(
            tier="certified",
            operator="an-operator",
            mechanism=revision.mechanism,
            epsilon=epsilon,
            delta=1e-5,
            mu=MECHANISMS[revision.mechanism].mu(revision.numbers),
            attempts=1,
            parameters=numbers,
            noise=OperatingSystemNoise.description,
            assumptions=(Assumption("The start is public.", "compared digests", True),),
            tensors=(TensorGroup("covered", "replaced by the operator", digest, ("head",)),),
            hashes=dict.fromkeys(("retain_masks", "model_in", "model_out", "public_encoder"), digest),
            versions={"accountant": ACCOUNTANT},
            created="2026-01-31T12:00:00+01:00",
        )

    return make


@pytest.fixture(scope="session")
def make_pixels() -> Callable[..., PixelSet]:
    """A function that draws labelled pixels whose features tell their label; `label` gives all the same one."""

    def make(n: int = 120, seed: int = 0, label: int | None = None) -> PixelSet:
        rng = np.random.default_rng(seed)
        labels = rng.integers(CLASSES, size=n)
        means = np.random.default_rng(99).normal(size=(CLASSES, FEATURES)) * 1.5
        x = np.hstack([means[labels] + rng.normal(size=(n, FEATURES)), np.ones((n, 1))]).astype(np.float32)
        return PixelSet(x, labels if label is None else np.full(n, label), rng.uniform(0.5, 2, n))

    return make


@pytest.fixture(scope="session")
def make_problem(make_pixels: Callable[..., PixelSet]) -> Callable[..., HeadProblem]:
    """A function that makes a problem; what is passed replaces its retain set, forget set or head in use."""

    def make(**replaced: Any) -> HeadProblem:
        parts: dict[str, Any] = {
            "retain_pixels": make_pixels(),
            "forget_pixels": make_pixels(50, seed=1, label=2),
            "original": np.random.default_rng(2).normal(size=(CLASSES, FEATURES + 1)),
            "classes": CLASSES,
            "strength": 1e-3,
        }
        return HeadProblem(**parts | replaced)

    return make


@pytest.fixture(scope="session")
def finish() -> Callable[..., tuple[list[Step], Revision]]:
    """A function that runs an operator to its end."""

    def run(
        operator: Operator,
        problem: HeadProblem,
        settings: Settings,
        noise: Any = None,
        epsilon: float = 1.0,
        seed: int = 0,
    ) -> tuple[list[Step], Revision]:
        problem = dataclasses.replace(problem, strength=settings.strength)
        made: Iterator[Step | Revision] = operator.steps(
            problem, settings, Budget(epsilon, 1e-5), noise or SeededNoise(0), np.random.default_rng(seed)
        )
        steps: list[Step] = []
        for item in made:
            if isinstance(item, Revision):
                assert list(made) == []
                return steps, item
            steps.append(item)
        pytest.fail("An operator must end with a revision.")

    return run


class PictureBatches:
    """Eight pictures or more, drawn whole; `labels` is 255 where there is none."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return int((self.labels != IGNORE).sum())

    def draw(self, pixels: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        rows = rng.integers(len(self.images), size=max(8, pixels // self.labels[0].numel()))
        return self.images[rows], self.labels[rows]


@dataclass(frozen=True)
class Pictures:
    """A problem of whole images and one vector of weights, as of a U-Net: a single convolution."""

    retain: PictureBatches
    forget: PictureBatches
    original: NDArray[np.float64]
    strength: float = 1e-3
    classes: int = CLASSES

    @property
    def public(self) -> NDArray[np.float64]:
        return np.zeros_like(self.original)

    def scores(self, weights: Tensor, inputs: Tensor) -> Tensor:
        kernel, bias = weights.to(inputs.dtype).split([CLASSES * 27, CLASSES])
        return functional.conv2d(inputs - 0.5, kernel.view(CLASSES, 3, 3, 3), bias, padding=1)

    def loss_and_gradient(self, weights: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, Any]:
        leaf = torch.from_numpy(weights).float().requires_grad_()
        loss = segmentation_loss(self.scores(leaf, self.retain.images), self.retain.labels)
        (gradient,) = torch.autograd.grad(loss, leaf)
        return float(loss.detach()), gradient.double().numpy()

    def retain_dice(self, weights: NDArray[np.float64]) -> float:
        said = self.scores(torch.from_numpy(weights), self.retain.images).argmax(1) > 0
        true = self.retain.labels > 0
        return 2 * int((said & true).sum()) / max(1, int(said.sum() + true.sum()))


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """A problem of images: bright squares of class 1 or dark ones of class 2, coarse labels around them to forget."""
    random = torch.Generator().manual_seed(0)
    images = 0.5 + 0.05 * torch.randn(8, 3, 12, 12, generator=random)
    kept, forgotten = torch.zeros(8, 12, 12, dtype=torch.int64), torch.full((8, 12, 12), IGNORE)
    for i in range(8):
        images[i, :, 4:8, 4:8] += 0.3 if i % 2 else -0.3
        kept[i, 2:10, 2:10], forgotten[i, 2:10, 2:10] = IGNORE, 2 - i % 2
        kept[i, 4:8, 4:8], forgotten[i, 4:8, 4:8] = 2 - i % 2, IGNORE
    original = 0.1 * torch.randn(CLASSES * 28, generator=random, dtype=torch.float64).numpy()
    original[-CLASSES:] = -0.2, 0.0, 0.0
    return Pictures(PictureBatches(images.clamp(0, 1), kept), PictureBatches(images.clamp(0, 1), forgotten), original)


@pytest.fixture(scope="session")
def make_bounded() -> Callable[..., HeadProblem]:
    """A function that makes a problem of images, the first of them refined.

    `steps` are the numbers of noisy training, None for a head that is the minimum; `forgotten` is the number of images
    that lose their lesions, each other image keeps its labels.
    """

    def make(
        steps: NoisySteps | None = None,
        convexity: float = 0.05,
        forgotten: int = 3,
        radius: float | None = None,
        original: NDArray[np.float64] | None = None,
    ) -> HeadProblem:
        images, pixels = 6, 20
        rng = np.random.default_rng(0)
        coarse = rng.integers(CLASSES, size=(images, pixels))
        means = rng.normal(size=(CLASSES, FEATURES)) * 2
        features = (means[coarse] + rng.normal(size=(images, pixels, FEATURES))).astype(np.float32)
        kept = coarse.astype(np.uint8)
        kept[images - forgotten :] = np.where(kept[images - forgotten :] > 0, IGNORE, 0)
        bounded_pixels = bounded(
            ImagePixels(features, kept, 64 * "a"), Standardiser(np.zeros(FEATURES), np.ones(FEATURES)), radius
        )
        weights = np.zeros((CLASSES, FEATURES + 1)) if original is None else original
        training = BoundedTraining(
            images, pixels, bounded_pixels.radius, convexity, 64 * "a", head_digest(weights), steps
        )
        refined = np.arange(images) < images - forgotten
        nothing = PixelSet(np.empty((0, FEATURES + 1), np.float32), np.empty(0, np.int64), np.empty(0))
        return HeadProblem(
            nothing,
            nothing,
            weights,
            CLASSES,
            1e-3,
            BoundedImages(training, 0, bounded_pixels, coarse.astype(np.int64), refined, np.zeros(images, bool)),
        )

    return make
