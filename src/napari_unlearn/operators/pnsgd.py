"""Tier 3. Noisy training goes on, on what may be kept, until its noise hides where it started (Chien et al. 2024).

The head in use was trained by projected noisy SGD on coarse masks. The same update, on the same pixels of the same
images in the same order, now runs with the labels that may be kept. What may change is *every* image: a refined case
loses its dilation artefacts, a case without a fine mask everything inside its coarse mask. So all images of every batch
count as changed, and two trainings whose labels have nothing in common are at most Z = min(sqrt(2) r / m, 2 R) apart
(`privacy.pnsgd.relabelled_distance`). K epochs of N steps then give, with c = 1 - eta m,

    mu = Z c^N / (sqrt(2 eta) sigma sqrt(1 + c^2 + ... + c^(2(N-1)))),

which is exact Gaussian DP instead of the Renyi bounds of the paper, whose K is several times larger (algebra in
`privacy.pnsgd`). K depends on the recorded training and the budget only, never on a label. The model compared with
learned and went on with the kept labels from the beginning.

The number of images must not change, so a case without a fine mask stays with its certain background. It would teach
that everything is background, and is therefore given less weight; the bound on Z covers lower weights.

A further request finds a head that is at most Z c^N from the one it is compared with; Z then is that plus the distance
that new labels can make, or 2 R if that is less.

Nothing in this asks the epochs to be over the objective of the training, only that both heads take the same contracting
steps. So composed cases, made of what may be kept, join in them; where they bend the objective of a batch more than the
training knew, steps become shorter, in this request only. The model compared with goes on with them as well. Of a
further request it is different: had a label that is forgotten only then never been there, other cases would have been
composed, of other pixels. So after composed cases a further request takes Z = 2 R and the steps of the training.

Withdrawn cases take their images along, which had a part in the whitening of the features, so that nothing is known of
how far apart two trainings end. But the projection keeps every head in a ball. The head is written down for features
that are whitened without those images and moved into the ball of radius R there: Z = 2 R, whatever it was trained on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_unlearn.errors import UserError
from napari_unlearn.models.bounded_pixels import BoundedPixels, FloatArray
from napari_unlearn.models.noisy_sgd import NoisySgd, smoothness
from napari_unlearn.operators.bounded_images import BoundedImages, in_the_ball, trained_as_recorded
from napari_unlearn.operators.catalogue.certified_convex import PnsgdSettings
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.lesion_free import Kinds
from napari_unlearn.operators.protocol import Budget, Problem, Revision, Step
from napari_unlearn.operators.settings import Settings
from napari_unlearn.privacy import pnsgd
from napari_unlearn.privacy.certificate import Assumption
from napari_unlearn.privacy.noise import NoiseSource

_ROUNDING = 1e-4  # relative; what another machine can change in the largest eigenvalue of a matrix in single precision


@dataclass(frozen=True)
class Pnsgd:
    """The epochs that the budget needs, and the same ones from the public start."""

    def steps(
        self, problem: Problem, settings: Settings, budget: Budget, noise: NoiseSource, rng: np.random.Generator
    ) -> Iterator[Step | Revision]:
        """See `Operator.steps`."""
        assert isinstance(settings, PnsgdSettings)
        assert isinstance(problem, HeadProblem)
        images = problem.bounded
        assert images is not None
        trained = images.training
        if images.composed:
            images = images.in_whole(_kinds_weighed(images).sum(axis=1))
        images = _with_steps_short_enough(images)
        numbers = account(images, budget, settings)
        training, steps = images.training, images.training.steps
        assert steps is not None
        epochs = int(numbers["epochs"])
        kept = weighted(images, settings.background_weight)
        sgd = NoisySgd(kept, problem.classes, training.strong_convexity, steps, images.seed)
        start = images.on_whitened(problem.original)
        if images.any_start:
            start = start * min(1.0, steps.projection_radius / max(float(np.linalg.norm(start)), 1e-300))
        for done, state in enumerate(sgd.epochs(start, epochs, noise), 1):
            weights = images.on_standardised(state)
            yield Step(done, 2 * epochs, "Going on with noisy training on what may be kept", weights=weights)
        for done, state in enumerate(sgd.epochs(sgd.start(noise), epochs, noise), epochs + 1):
            reference = images.on_standardised(state)
            yield Step(done, 2 * epochs, "The same from the public start, for comparison")
        yield Revision(
            weights,
            "pnsgd",
            numbers,
            reference=reference,
            noise=noise.description,
            noise_certifies=noise.certifies,
            training=trained.after(weights, numbers["distance"], epochs, images.composed),
            assumptions=(
                in_the_ball(images) if images.any_start else trained_as_recorded(images, "pnsgd"),
                covered(images),
                *_about_composed(images),
            ),
        )


def covered(images: BoundedImages) -> Assumption:
    """Which images the guarantee is about, as the certificate says it.

    Parameters
    ----------
    images : BoundedImages
        The pixels.

    Returns
    -------
    Assumption
    """
    training, refined = images.training, int(images.refined.sum()) - images.composed
    sentence = f"All {training.images} images count as changed: any of their labels may be forgotten."
    if images.any_start:
        return Assumption(
            sentence,
            f"{refined} of them now teach where their lesion is, and {training.images - refined} certain background "
            "only; the distance recorded is that of any two heads in the ball, whatever they learned before.",
            True,
        )
    return Assumption(
        sentence,
        f"{refined} lose their dilation artefacts and {training.images - refined} everything inside their coarse mask; "
        "the distance recorded holds for any labels of all images, since their pixels stay the same.",
        True,
    )


def _about_composed(images: BoundedImages) -> list[Assumption]:
    if not images.composed:
        return []
    return [
        Assumption(
            "Composed cases count as data that may be kept.",
            f"{images.composed} were made of cases with no unknown pixel; they are in every pass over the "
            "images, and the model compared with goes on with them too.",
            True,
        )
    ]


def account(images: BoundedImages, budget: Budget, settings: PnsgdSettings) -> dict[str, float]:
    """The numbers of a request: what the certificate records.

    Parameters
    ----------
    images : BoundedImages
        Only the record of the training is read, no label.
    budget : Budget
        What is asked for.
    settings : PnsgdSettings
        Least and most epochs.

    Returns
    -------
    dict of str to float

    Raises
    ------
    UserError
        The budget needs more epochs than allowed.
    """
    training, steps = images.training, images.training.steps
    assert steps is not None
    update = {
        "step_size": steps.step_size,
        "strong_convexity": training.strong_convexity,
        "n": pnsgd.filled(training.images + images.composed, steps.batch_size),
        "batch_size": steps.batch_size,
    }
    fresh = pnsgd.relabelled_distance(
        feature_radius=training.feature_radius,
        strong_convexity=training.strong_convexity,
        projection_radius=steps.projection_radius,
    )
    distance = pnsgd.next_distance(
        distance=steps.distance,
        epochs=steps.spent,
        fresh_distance=fresh,
        projection_radius=steps.projection_radius,
        **{**update, "n": pnsgd.filled(training.images, steps.batch_size)},
    )
    if images.any_start:
        distance = 2 * steps.projection_radius
    needed = pnsgd.epochs(budget.epsilon, budget.delta, distance=distance, sigma=steps.sigma, **update)
    if needed > settings.most_epochs:
        raise UserError(
            f"Epsilon {budget.epsilon:g} and delta {budget.delta:g} need {needed} passes over the images, more than "
            f"the {settings.most_epochs} allowed; allow more, or train with a larger strength."
        )
    return {
        **update,
        "images": training.images,
        "composed": images.composed,
        "any_start": int(images.any_start),
        "smoothness": steps.smoothness,
        "feature_radius": training.feature_radius,
        "projection_radius": steps.projection_radius,
        "earlier_distance": steps.distance,
        "earlier_epochs": steps.spent,
        "distance": distance,
        "epochs": max(needed, settings.least_epochs),
        "sigma": steps.sigma,
    }


def weighted(images: BoundedImages, share: float) -> BoundedPixels:
    """Give cases without a lesion, and the certain background of those without a fine mask, less weight.

    Parameters
    ----------
    images : BoundedImages
        The pixels.
    share : float
        Of the whole weight, at most, that certain background carries. No weight is raised, since the account rests on
        1 / P as the largest.

    Returns
    -------
    BoundedPixels
    """
    weights = _kinds_weighed(images)
    background = ~images.refined & ~images.lesion_free
    known, certain = weights[~background].sum(), weights[background].sum()
    if certain > 0:
        weights[background] *= min(1.0, share / (1 - share) * known / certain)
    return dataclasses.replace(images.pixels, weights=weights)


def _kinds_weighed(images: BoundedImages) -> FloatArray:
    """Weights with which images without a lesion count as they would were all cases refined.

    See `operators.lesion_free`. Of that the composed cases carry as much as with other operators.
    """
    weights, free = images.pixels.weights.copy(), images.lesion_free
    lesions = images.refined & ~free
    if free.any() and lesions.any():
        own = np.arange(len(weights)) < len(weights) - images.composed
        with_lesion, taught, without = own & ~free, own & lesions, own & free
        kinds = Kinds(int(with_lesion.sum()), int(taught.sum()), int(without.sum()), int(without.sum()))
        carried = kinds.share(weights[taught].sum(), weights[without].sum())
        _lower(weights, without, free & ~own, images.lesion_free_share)
        weights[free] *= min(1.0, carried / (1 - carried) * weights[lesions].sum() / weights[free].sum())
    return weights


def _lower(weights: FloatArray, first: NDArray[np.bool_], second: NDArray[np.bool_], share: float) -> None:
    """Take weight from one of two groups of images, so that the second carries `share` of what both carry."""
    parts = [(group, weights[group].sum(), part) for group, part in ((first, 1 - share), (second, share))]
    if all(mass > 0 for _, mass, _ in parts):
        whole = min(mass / part for _, mass, part in parts if part > 0)
        for group, mass, part in parts:
            weights[group] *= whole * part / mass


def _with_steps_short_enough(images: BoundedImages) -> BoundedImages:
    """Shorten the steps where composed cases make it necessary; without any, the recorded ones must do."""
    training, steps = images.training, images.training.steps
    assert steps is not None
    found = smoothness(images.pixels, training.strong_convexity, steps.batch_size, images.seed)
    if found <= steps.smoothness * (1 + _ROUNDING):
        return images
    if not images.composed:
        raise UserError(
            f"The objective has curvature {found:g}, more than the {steps.smoothness:g} that the model's card records, "
            "so its steps are too long for the guarantee; train the head again."
        )
    # That steps were longer before only leaves less of the distance.
    shorter = dataclasses.replace(steps, step_size=1 / found, smoothness=found)
    return dataclasses.replace(images, training=dataclasses.replace(training, steps=shorter))


operator = Pnsgd()
