"""From a revision to its certificate, or to the sentence that says why there is none."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from napari_unlearn.data.sample import sample_folder
from napari_unlearn.errors import UserError
from napari_unlearn.files import sha256_file
from napari_unlearn.jobs.live_ledger import live_costs
from napari_unlearn.jobs.provenance import carried_over, tensor_groups
from napari_unlearn.jobs.run_folder import CERTIFICATE, read_cost
from napari_unlearn.jobs.unet_assumptions import unet_assumptions
from napari_unlearn.models.pixel_sampling import IGNORE
from napari_unlearn.models.segmenter import HeadSegmenter
from napari_unlearn.models.unet import UnetSegmenter
from napari_unlearn.operators.head_problem import HeadProblem
from napari_unlearn.operators.info import OperatorInfo
from napari_unlearn.operators.protocol import Budget, Revision
from napari_unlearn.operators.public_start import PublicStart
from napari_unlearn.operators.retain_masks import Collected
from napari_unlearn.operators.unet_problem import UnetProblem
from napari_unlearn.privacy.accountant import ACCOUNTANT
from napari_unlearn.privacy.attempts import Cost, charge
from napari_unlearn.privacy.certificate import Assumption, Certificate
from napari_unlearn.privacy.mechanisms import MECHANISMS
from napari_unlearn.privacy.noise import NO_NOISE
from napari_unlearn.privacy.verification import check

_LIBRARIES = ("napari-unlearn", "torch", "numpy", "scipy", "segmentation-models-pytorch")


def require_admissible(
    segmenter: HeadSegmenter | UnetSegmenter, operator: OperatorInfo, start: PublicStart | None = None
) -> None:
    """Refuse an operator that promises something about a model for which the promise cannot hold.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model in use.
    operator : OperatorInfo
        What is to be run.
    start : PublicStart or None
        Of a U-Net, where it was found.

    Raises
    ------
    UserError
        Labels of the data set touched something that the operator would leave as it is.
    """
    if operator.tier == "empirical":
        return
    unknown = isinstance(segmenter, UnetSegmenter) and start is None
    remedy = "name it with --public-encoder" if unknown else "train the model on a public encoder"
    for assumption in assumptions(segmenter, start):
        if not assumption.holds:
            raise UserError(
                f"{operator.title} cannot be certified for this model: it does not hold that "
                f"{_clause(assumption.sentence)} ({_clause(assumption.checked)}); {remedy}, or choose an empirical "
                "operator."
            )


def assumptions(segmenter: HeadSegmenter | UnetSegmenter, start: PublicStart | None = None) -> list[Assumption]:
    """What every guarantee needs of the model in use, checked before any work is done.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model in use.
    start : PublicStart or None
        Of a U-Net, where it was found.

    Returns
    -------
    list of Assumption
    """
    if isinstance(segmenter, UnetSegmenter):
        return unet_assumptions(segmenter, start)
    card, encoder = segmenter.card, segmenter.encoder
    frozen = not any(p.requires_grad for p in encoder.parameters()) and not any(m.training for m in encoder.modules())
    return [
        Assumption(
            "No mask label of this data set ever touched the encoder.",
            f"The encoder's card says that it was trained on: {encoder.card.trained_on}. Its SHA-256 is "
            f"{encoder.weights_hash}{_known(encoder.weights_hash)}.",
            encoder.card.public,
        ),
        Assumption(
            "Only the head was fitted on labels.",
            f"The model's card says that its {card.trainable} was trained.",
            card.trainable == "head",
        ),
        Assumption(
            "The encoder's weights and normalisation statistics cannot move while the operator works.",
            "No weight of the encoder has a gradient, and all its layers are in evaluation mode."
            if frozen
            else "A weight of the encoder has a gradient, or a layer of it is in training mode.",
            frozen,
        ),
    ]


def certificate(
    segmenter: HeadSegmenter | UnetSegmenter,
    operator: OperatorInfo,
    revision: Revision,
    collected: Collected,
    budget: Budget,
    settings: Mapping[str, float],
    hashes: Mapping[str, str],
    models: tuple[Path, Path],
    earlier: Sequence[Cost] = (),
    start: PublicStart | None = None,
) -> Certificate:
    """Make the record of a run.

    Parameters
    ----------
    segmenter : HeadSegmenter or UnetSegmenter
        The model in use before.
    operator : OperatorInfo
        What was run.
    revision : Revision
        What it made.
    collected : Collected
        Its data.
    budget : Budget
        What was asked for.
    settings : mapping of str to float
        Numbers the operator ran with.
    hashes : mapping of str to str
        Digests of models and encoder.
    models : tuple of Path
        Folders of the model in use and of the revised one.
    earlier : sequence of float or tuple of float
        Cost of every earlier certified run on this model, see `earlier_attempts`.
    start : PublicStart or None
        Of a U-Net, where it was found.

    Returns
    -------
    Certificate
        It passes `check`.

    Raises
    ------
    UserError
        The record would not pass its own check.
    """
    tier = operator.tier if revision.noise_certifies else "empirical"
    earlier = earlier if tier == "certified" else ()
    epsilon, delta, mu, charged = _guarantee(tier, revision, budget, earlier)
    record = Certificate(
        tier=tier,
        operator=operator.name,
        mechanism=revision.mechanism if tier != "empirical" else "none",
        epsilon=epsilon,
        delta=delta,
        mu=mu,
        parameters={**settings, **revision.numbers, **charged},
        assumptions=(
            *assumptions(segmenter, start),
            *carried_over(*models, len(collected.withdrawal.cases) if collected.withdrawal else 0),
            *_about_data(collected, settings),
            *_about_withdrawal(segmenter, collected, tier),
            *_about_noise(revision),
            *revision.assumptions,
            *_about_end(tier, revision),
            *_about_package(operator),
        ),
        tensors=tensor_groups(models[1], tier),
        hashes={**hashes, "retain_masks": collected.retain_hash, "forget_masks": collected.forget_hash},
        attempts=1 + len(earlier),
        versions={
            "accountant": ACCOUNTANT,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _LIBRARIES},
            **({"operator": operator.package} if operator.package else {}),
        },
        noise=revision.noise,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    if failures := check(record):
        raise UserError(f"No certificate can be given: {' '.join(failures)}")
    return record


def earlier_attempts(runs: Path, model_in: str, session: str = "") -> tuple[Cost, ...]:
    """What the certified runs on the same model cost that lie beside a new one, and the states shown live.

    Each of them was looked at.

    Parameters
    ----------
    runs : Path
        Folder that holds the runs.
    model_in : str
        Digest of the model they started from.
    session : str
        Name of a live session whose own states are left out.

    Returns
    -------
    tuple of float or tuple of float
        mu of each, or epsilon and delta of one that has none.
    """
    if not runs.is_dir():
        return ()
    costs: list[Cost] = [*live_costs(runs, model_in, session)]
    for folder in sorted(runs.iterdir()):
        if not folder.name.startswith(".") and (folder / CERTIFICATE).is_file():
            earlier = read_cost(folder)
            # A state kept from a live session is in the session's own entry, with all the others it showed.
            if "live_states" in earlier.parameters:
                continue
            if earlier.tier == "certified" and earlier.model_in == model_in:
                numbers = earlier.parameters
                alone = (numbers["attempt_epsilon"], numbers["attempt_delta"]) if earlier.mu is None else earlier.mu
                costs.append(alone)
    return tuple(costs)


def _guarantee(
    tier: str, revision: Revision, budget: Budget, earlier: Sequence[Cost]
) -> tuple[float | None, float | None, float | None, dict[str, float]]:
    if tier == "empirical":
        return None, None, None, {}
    if tier == "exact":
        return 0.0, 0.0, 0.0, {}
    mu = MECHANISMS[revision.mechanism].mu(revision.numbers)
    epsilon, delta, charged = charge(mu, budget.epsilon, budget.delta, earlier)
    return epsilon, delta, mu, charged


def _about_data(collected: Collected, settings: Mapping[str, float]) -> list[Assumption]:
    stray = _stray_labels(collected)
    found = [
        _coarse_labels_kept(collected, stray)
        if collected.withdrawal is not None and collected.withdrawal.keep_coarse
        else Assumption(
            "No label that only a coarse mask gives was learned from.",
            f"Pixels were drawn by the fine masks of {collected.refined} refined cases and from outside the coarse "
            f"masks of the {collected.unrefined} others, which is background for certain; {stray} of them had a label "
            "that is unknown. That the draw reads nothing else is tested, not checked again in every run.",
            stray == 0,
        )
    ]
    if left_out := int(settings.get("left_out_cases", 0)):
        found.append(
            Assumption(
                "Cases that were withdrawn before this run stay out of it.",
                f"The ids of {left_out} training cases have digests that the card of the model in use lists, since an "
                "earlier run forgot these cases whole. None of their pixels was read.",
                True,
            )
        )
    if excluded := int(settings.get("excluded_cases", 0)):
        found.append(
            Assumption(
                "Cases that were excluded by hand teach nothing.",
                f"{excluded} training cases are excluded in the notes of the project, and none of their masks was "
                "read. Their images may have a part in the scale of features, as in the model in use.",
                True,
            )
        )
    if settings.get("corrected"):
        found.append(
            Assumption(
                "Corrected pixels count as new data.",
                "They teach with the label a person gave them, background; the model this one is compared with in the "
                "guarantee has them too.",
                True,
            )
        )
    if collected.overlap:
        taught = "taught with their fine label" if settings.get("overlap", 1) else "were left out of learning"
        found.append(
            Assumption(
                "What is said about artefacts holds for those outside lesions only.",
                f"{collected.overlap} pixels of fine masks lie under a mapped artefact. Their labels are true and not "
                f"forgotten; they {taught}.",
                True,
            )
        )
    return found


def _coarse_labels_kept(collected: Collected, stray: int) -> Assumption:
    return Assumption(
        "Coarse labels of the cases that are left were kept: only the withdrawn cases and the dilation artefacts of "
        "refined cases are forgotten.",
        f"Asked for with --keep-coarse. {collected.unrefined} cases taught with their coarse masks, with all that "
        f"these take in, and {collected.refined} with their fine masks; {stray} pixels had a label that is unknown.",
        stray == 0,
    )


def _about_withdrawal(segmenter: HeadSegmenter | UnetSegmenter, collected: Collected, tier: str) -> list[Assumption]:
    withdrawal = collected.withdrawal
    if withdrawal is None:
        return []
    card = segmenter.encoder.card if isinstance(segmenter, HeadSegmenter) else segmenter.encoder_card
    covered = (
        "Labels and images of the withdrawn cases only told the operator what to undo; it guarantees nothing about "
        "them."
        if tier == "empirical"
        else "The guarantee covers labels and images of the withdrawn cases, except what a public encoder saw of them "
        "before it was published."
    )
    return [
        Assumption(
            covered,
            f"{len(withdrawal.cases)} training cases fit '{withdrawal.criterion}'; the SHA-256 of their ids, sorted, "
            f"is {withdrawal.ids_hash}. None of their pixels was drawn to learn from or to compose with, and none of "
            "their images is in a mean or spread that the model holds now. The encoder's card says that it was trained "
            f"on: {card.trained_on}.",
            True,
        )
    ]


def _about_noise(revision: Revision) -> list[Assumption]:
    if revision.noise == NO_NOISE:
        return []
    return [
        Assumption("Nobody can reproduce the noise.", f"Noise source: {revision.noise}.", revision.noise_certifies),
    ]


def _about_end(tier: str, revision: Revision) -> list[Assumption]:
    if tier != "empirical":
        return [
            Assumption(
                "The guarantee covers the revised model, not what the run shows and keeps beside it.",
                "Curves, numbers and events of a run may also come from the model before and from states without "
                "noise. Where nobody may learn from them, hand on the model and its certificate alone.",
                True,
            )
        ]
    # A guarantee stands however useless the model is; what promises nothing has nothing but its course to tell.
    if revision.stopped is None:
        return []
    return [Assumption("The weights are the last good state of the run.", revision.stopped, True)]


def _about_package(operator: OperatorInfo) -> list[Assumption]:
    if not operator.package or operator.tier != "certified":
        return []
    return [
        Assumption(
            "The operator does what its mechanism says.",
            f"It is the code of {operator.package}. That it drew at least as much noise as it states, and that its "
            "numbers give the guarantee, was checked; its steps were not.",
            True,
        )
    ]


def _stray_labels(collected: Collected) -> int:
    """Count retain pixels whose label is none of the classes: what a coarse mask alone covers is marked so."""
    problem = collected.problem
    if isinstance(problem, UnetProblem):
        # Images show unknown pixels as well; marked so, they have no part in a loss.
        return sum(int(((own >= problem.classes) & (own != IGNORE)).sum()) for own in problem.retain.labels)
    if not isinstance(problem, HeadProblem):
        return 0
    labels = problem.retain_pixels.labels
    return int(((labels < 0) | (labels >= problem.classes)).sum())


def _known(digest: str) -> str:
    shipped = sha256_file(sample_folder() / "encoder.safetensors")
    return ", that of the encoder shipped with this package" if digest == shipped else ""


def _clause(sentence: str) -> str:
    text = sentence.rstrip(".")
    return text[0].lower() + text[1:]
